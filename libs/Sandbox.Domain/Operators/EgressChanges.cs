using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Operators;

/// <summary>Replaces what a sandbox may reach: writes it into the record, and has it put in effect where the sandbox runs. Should
/// that fail, the next round of reconciliation of its node does it.</summary>
public sealed class EgressChanges(ISandboxStore records, IEgressControl control, OperatorOptions options)
{
    /// <param name="allow">Null: everything.</param>
    /// <returns>Null when it is in effect, or will be with the next start; else why it is not (yet).</returns>
    public async Task<SandboxError?> ReplaceAsync(
        SandboxId id, IReadOnlyList<string>? allow, IReadOnlyList<string>? deny, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < options.Tries; attempt++)
        {
            if (await records.FindAsync(id, cancellationToken) is not { State: not SandboxState.Deleted } record)
            {
                return new SandboxError.NotFound(id.ToString());
            }

            if (!EgressReader.Read("egress", allow, deny, (record.Spec.Egress?.Revision ?? 0) + 1).TryGet(out var policy, out var bad))
            {
                return bad;
            }

            var next = record with { Spec = record.Spec with { Egress = policy } };
            if (EgressReader.WhyImpossible(next.Spec) is { } impossible)
            {
                return impossible;
            }

            // While it is started its node already has the lists that were there before.
            if (record.State is not (SandboxState.Running or SandboxState.Stopped))
            {
                return new SandboxError.WrongState(id, record.State.Name(), "a change of its network");
            }

            if (!policy.IsOpen && record is
                {
                    State: SandboxState.Running, EffectiveNetwork: { } effect and not (NetworkEffect.Isolated or NetworkEffect.Limited),
                })
            {
                return new SandboxError.Unsupported("a list of what a sandbox may reach", $"of its network is in effect: {effect}");
            }

            if (await records.TryReplaceEgressAsync(next, cancellationToken))
            {
                return next.State is SandboxState.Running ? await control.ApplyAsync(next, cancellationToken) : null;
            }
        }

        return new SandboxError.ChangedMeanwhile(id);
    }
}
