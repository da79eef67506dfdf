using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Api.Serving;

/// <summary>How one replica of a model is started.</summary>
internal sealed record EngineStart(IEngine Engine, EngineDeployment Deployment)
{
    public EngineLaunch Launch => Deployment.Launch;

    /// <summary>Takes the engine's secrets out of what is kept or shown of it.</summary>
    public SecretRedactor Redactor { get; } = new(Deployment.Launch.Secrets.Values);

    /// <summary>The variables that the engine's process gets beside those of its sandbox. They go to the agent that starts it and stand in
    /// no record, label or argument.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; } = Deployment.Launch.Environment
        .Concat(Deployment.Launch.Secrets.Select(secret => KeyValuePair.Create(secret.Key, secret.Value.Reveal())))
        .ToDictionary(StringComparer.Ordinal);

    // The members that the compiler would print have secrets among them.
    public override string ToString() => $"{nameof(EngineStart)} of {Engine.Name}";
}
