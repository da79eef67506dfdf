using System.Collections.Immutable;

namespace Sandbox.Serving.Engines;

/// <summary>A kind of model server that speaks the OpenAI interface over HTTP. It runs as a sandbox; the gateway forwards requests to
/// it, so what it serves is named here and not called.</summary>
public interface IEngine
{
    /// <summary>The name by which it is selected: lower-case letters, digits and hyphens.</summary>
    string Name { get; }

    /// <summary>The path that answers 200 when its server is up.</summary>
    string HealthPath { get; }

    /// <summary>The paths of the OpenAI interface that it serves.</summary>
    ImmutableArray<string> Routes { get; }
}
