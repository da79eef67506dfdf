using Sandbox.Contracts.Agent;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Worker.Agents;
using Sandbox.Worker.Deployments;

namespace Sandbox.Worker.Jobs;

/// <summary>From "the engine has started it" to "the agent answers and knows what it needs".</summary>
internal static class Readiness
{
    /// <summary>Waits for the agent's first dial, or for the end of its container, whichever comes first; then tells the
    /// agent its environment and limits.</summary>
    public static async Task<SandboxError?> AwaitAgentAsync(
        SandboxInstance sandbox, AgentLink link, IDeployment deployment, CancellationToken cancellationToken)
    {
        using var settled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = WhyEndedAsync(deployment, sandbox, settled.Token);
        try
        {
            await Task.WhenAny(link.Connected, ended).WaitAsync(cancellationToken);
            if (!link.IsConnected)
            {
                return Failed(sandbox, await ended);
            }

            var init = await link.InitAsync(InitOf(sandbox), cancellationToken);
            return init.TryGet(out _, out var error) ? null : await ReasonAsync(sandbox, error, ended);
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
        Env = sandbox.Spec.Env,
        GraceSeconds = sandbox.Spec.AgentGrace.TotalSeconds,
        Cpus = sandbox.Spec.LimitCpus ?? sandbox.Spec.Cpus,
        MemoryBytes = sandbox.Spec.MemoryBytes,
    };

    private static async Task<string> WhyEndedAsync(IDeployment deployment, SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return await deployment.WhenEndedAsync(sandbox.Incarnation, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return $"it cannot be watched any more: {exception.Message}";
        }
    }

    /// <summary>An agent that answers badly because it is just ending is told by its end.</summary>
    private static async Task<SandboxError> ReasonAsync(SandboxInstance sandbox, SandboxError error, Task<string> ended) =>
        ended.IsCompletedSuccessfully ? Failed(sandbox, await ended) : error;

    private static SandboxError.StartFailed Failed(SandboxInstance sandbox, string reason) =>
        new(sandbox.Id, SandboxPhase.DockerRun, $"it ended before its agent answered: {reason}");
}
