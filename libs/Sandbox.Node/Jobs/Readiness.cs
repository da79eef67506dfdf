using Sandbox.Contracts.Agent;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>From "the engine has started it" to "the agent answers and knows what it needs".</summary>
internal static class Readiness
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits for the agent's first dial, or for the end of its container, whichever comes first; then tells the
    /// agent its environment and limits. A connection that breaks or brings no answer says nothing about the sandbox: the agent is told
    /// again, until the caller's time is over. One that answers something else is no agent of ours.</summary>
    /// <param name="whenEnded"><see cref="IDeployment.WhenEndedAsync"/> of this sandbox.</param>
    public static async Task<SandboxError?> AwaitAgentAsync(
        SandboxInstance sandbox, AgentLink link, Func<CancellationToken, Task<string>> whenEnded, TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var settled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = WhyEndedAsync(whenEnded, settled.Token);
        try
        {
            while (true)
            {
                await Task.WhenAny(link.Connected, ended).WaitAsync(cancellationToken);
                if (ended.IsCompletedSuccessfully && !link.IsConnected)
                {
                    return Failed(sandbox, await ended);
                }

                var init = await link.InitAsync(InitOf(sandbox), cancellationToken);
                if (init.TryGet(out _, out var error))
                {
                    return null;
                }

                // An agent that answers badly because it is just ending is told by its end.
                if (ended.IsCompletedSuccessfully)
                {
                    return Failed(sandbox, await ended);
                }

                if (error is not SandboxError.AgentUnreachable { Answered: false })
                {
                    return error;
                }

                await Task.Delay(Pause, time, cancellationToken);
            }
        }
        finally
        {
            await settled.CancelAsync();
        }
    }

    public static AgentInit InitOf(SandboxInstance sandbox) => new()
    {
        SandboxId = sandbox.Id.ToString(),
        Incarnation = sandbox.Incarnation.ToString(),
        Env = sandbox.Spec.HasEncryptedEnv ? new Dictionary<string, string>() : sandbox.Spec.Env,
        GraceSeconds = sandbox.Spec.AgentGrace.TotalSeconds,
        Cpus = sandbox.Spec.LimitCpus ?? sandbox.Spec.Cpus,
        MemoryBytes = sandbox.Spec.MemoryBytes,
    };

    private static async Task<string> WhyEndedAsync(Func<CancellationToken, Task<string>> whenEnded, CancellationToken cancellationToken)
    {
        try
        {
            return await whenEnded(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // What the engine says of it, the watch over the engine has logged.
            return "it cannot be watched any more";
        }
    }

    private static SandboxError.StartFailed Failed(SandboxInstance sandbox, string reason) =>
        new(sandbox.Id, SandboxPhase.DockerRun, $"it ended before its agent answered: {reason}");
}
