using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Backends;

/// <summary>Asks an engine whether it is ready.</summary>
public interface IReadinessProbe
{
    /// <returns>Why it is not ready; null when it is.</returns>
    Task<string?> CheckAsync(
        Uri address, IEngine engine, EngineLaunch launch, ReadinessCheck check, CancellationToken cancellationToken);
}
