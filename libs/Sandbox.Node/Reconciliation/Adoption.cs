using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Node.Agents;
using Sandbox.Node.Jobs;

namespace Sandbox.Node.Reconciliation;

/// <summary>Takes up sandboxes that run while this process does not know them (it was restarted) or has lost their agent.</summary>
internal sealed partial class Adoption(
    AgentLinks links, AgentGateway gateway, IEgressControl egress, TimeProvider time, ILogger<Adoption> logger)
{
    /// <summary>How long an agent has to dial again before it is left to the next round.</summary>
    internal static readonly TimeSpan RedialTime = TimeSpan.FromSeconds(3);

    public bool IsNeeded(SandboxInstance running) =>
        gateway.Find(running.Id) is not { IsCurrent: true } agent || agent.Sandbox.Incarnation != running.Incarnation;

    /// <summary>Puts in effect what each may reach, where it is not.</summary>
    /// <returns>False: what one of them may reach could not be found out.</returns>
    public async Task<bool> LimitAsync(IReadOnlyList<SandboxInstance> running, CancellationToken cancellationToken)
    {
        var isKnown = true;
        foreach (var record in running.Where(record => record.Spec.Egress is not null))
        {
            if (await egress.ApplyAsync(record, cancellationToken) is { } error)
            {
                Log.NotLimited(logger, record.Id, error.Text);
                isKnown &= error is not SandboxError.DockerUnavailable;
            }
        }

        return isKnown;
    }

    public async Task AdoptAsync(SandboxInstance running, CancellationToken cancellationToken)
    {
        var link = links.Ensure(running);
        try
        {
            await link.Connected.WaitAsync(RedialTime, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // It runs, so it is not lost; its calls are told that it does not answer.
            Log.Silent(logger, running.Id);
            return;
        }

        var init = await link.InitAsync(Readiness.InitOf(running), cancellationToken);
        if (init.TryGet(out _, out var error))
        {
            gateway.Register(running, link);
            Log.Adopted(logger, running.Id);
        }
        else
        {
            Log.NotAdopted(logger, running.Id, error.Text);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4201, LogLevel.Information, "Sandbox {SandboxId} runs and is taken up again")]
        public static partial void Adopted(ILogger logger, Contracts.Ids.SandboxId sandboxId);

        [LoggerMessage(4202, LogLevel.Warning, "Sandbox {SandboxId} runs, but its agent does not dial")]
        public static partial void Silent(ILogger logger, Contracts.Ids.SandboxId sandboxId);

        [LoggerMessage(4204, LogLevel.Warning, "The lists of what sandbox {SandboxId} may reach are not in effect: {Reason}")]
        public static partial void NotLimited(ILogger logger, Contracts.Ids.SandboxId sandboxId, string reason);

        [LoggerMessage(4203, LogLevel.Warning, "Sandbox {SandboxId} could not be taken up again: {Reason}")]
        public static partial void NotAdopted(ILogger logger, Contracts.Ids.SandboxId sandboxId, string reason);
    }
}
