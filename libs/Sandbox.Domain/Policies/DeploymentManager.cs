using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>Prepares the configuration of a new sandbox: id, role, environment, defaults, limits, deadlines. Where it then
/// runs is the operator's business.</summary>
/// <param name="policies">Asked for each sandbox, so that a change of the configuration reaches the next.</param>
public sealed class DeploymentManager(Func<StartPolicies> policies)
{
    public DeploymentManager(SpecLimits limits, SecurityPolicy security, LifecycleOptions lifecycle, AutoPolicy auto)
        : this(() => new StartPolicies(limits, security, lifecycle, auto, new StartOptions()))
    {
    }

    /// <summary>The first record of a sandbox, not yet written anywhere. Errors: <see cref="SandboxError.BadId"/>,
    /// <see cref="SandboxError.BadSpec"/>, <see cref="SandboxError.Forbidden"/>.</summary>
    /// <param name="kind">How sandboxes are run here; one with a remote agent is Remote whatever this says.</param>
    /// <param name="authorization">What the caller sent as <c>X-Key</c>, for the lists of who may get more; null: nothing.</param>
    public Result<SandboxInstance> Prepare(
        StartRequest request, SandboxOwner owner, DeploymentKind kind, DateTimeOffset now, string? authorization = null)
    {
        var id = SandboxId.New();
        if (request.SandboxId is { } given && !SandboxId.TryParse(given, null, out id))
        {
            return new SandboxError.BadId(given);
        }

        if (!new SpecReader(policies()).Read(request, kind, authorization).TryGet(out var spec, out var error))
        {
            return error;
        }

        return new SandboxInstance
        {
            Id = id,
            Version = 1,
            State = SandboxState.Pending,
            Incarnation = IncarnationId.New(),
            Spec = spec,
            Owner = owner,
            CreatedAt = now,
            TransientDeadline = now + spec.StartupTimeout,
            Phases = [.. SandboxPhase.BeforeStart],
        };
    }
}
