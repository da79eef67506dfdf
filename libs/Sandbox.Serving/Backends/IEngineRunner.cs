using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Backends;

/// <summary>Runs the engines of an application as sandboxes: placed, watched and restarted by the cluster. Each verb may be asked
/// again.</summary>
public interface IEngineRunner
{
    /// <summary>Places the replicas of a deployment. Completes when they are accepted, not when they answer; runs
    /// <see cref="EngineLaunch.AfterStart"/> once they do.</summary>
    /// <exception cref="EngineRunnerException">They cannot run: no program, no image, no such GPUs, the port is taken.</exception>
    Task StartAsync(string application, EngineDeployment deployment, CancellationToken cancellationToken);

    /// <exception cref="EngineRunnerException">It is not known now.</exception>
    Task<EngineStatus> GetStatusAsync(string application, CancellationToken cancellationToken);

    /// <summary>What the engines printed and print, a line each.</summary>
    /// <param name="tail">How many lines of the past.</param>
    IAsyncEnumerable<string> ReadLogsAsync(string application, int tail, CancellationToken cancellationToken);

    /// <summary>Ends all replicas; without effect when there are none.</summary>
    /// <exception cref="EngineRunnerException">They may still run.</exception>
    Task StopAsync(string application, CancellationToken cancellationToken);
}
