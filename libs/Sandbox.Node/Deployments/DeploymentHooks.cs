using System.Collections.Immutable;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Node.Deployments;

/// <summary>The hooks that are told of the steps of a deployment. A hook that fails is logged and changes nothing.</summary>
public sealed partial class DeploymentHooks(ILogger logger)
{
    private ImmutableList<IDeploymentHook> _hooks = [];

    public void Add(IDeploymentHook hook) => ImmutableInterlocked.Update(ref _hooks, (hooks, added) => hooks.Add(added), hook);

    public async Task StepAsync(SandboxInstance sandbox, string step, CancellationToken cancellationToken)
    {
        foreach (var hook in _hooks)
        {
            try
            {
                await hook.OnStepAsync(sandbox, step, cancellationToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.HookFailed(logger, step, sandbox.Id.ToString(), exception);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Warning, "A hook failed at step {Step} of sandbox {SandboxId}")]
        public static partial void HookFailed(ILogger logger, string step, string sandboxId, Exception exception);
    }
}
