using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Deployments;

namespace Sandbox.Worker.Tests.Running;

/// <summary>Holds a deployment at one step until it is let through (or cancelled), as a slow engine would.</summary>
internal sealed class StepBarrier(string step) : IDeploymentHook
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task.WaitAsync(WorkerHost.Soon);

    /// <summary>The deployment was told to give up.</summary>
    public Task Cancelled => _cancelled.Task.WaitAsync(WorkerHost.Soon);

    public void Open() => _open.TrySetResult();

    public async Task OnStepAsync(SandboxInstance sandbox, string reached, CancellationToken cancellationToken)
    {
        if (reached != step)
        {
            return;
        }

        _reached.TrySetResult();
        try
        {
            await _open.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _cancelled.TrySetResult();
            throw;
        }
    }
}
