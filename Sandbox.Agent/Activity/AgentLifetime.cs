namespace Sandbox.Agent.Activity;

/// <summary>Until when the agent serves.</summary>
internal sealed class AgentLifetime
{
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the agent is to end.</summary>
    internal Task Stopping => _stopping.Task;

    internal void Stop() => _stopping.TrySetResult();
}
