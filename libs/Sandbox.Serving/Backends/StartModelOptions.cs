namespace Sandbox.Serving.Backends;

/// <summary>How a model is started.</summary>
public sealed record StartModelOptions
{
    /// <summary>The engine's name; without it the configuration's, without that the default.</summary>
    public string? Engine { get; init; }

    /// <summary>Copies of the engine, at least 1.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Return only when it is ready, or is not in time.</summary>
    public bool WaitReady { get; init; }

    /// <summary>How long that may take.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(2);

    public ReadinessCheck Readiness { get; init; } = ReadinessCheck.Completion;
}
