namespace Sandbox.Serving;

/// <summary>Which engines there are.</summary>
public sealed class ServingOptions
{
    public const string Section = "Serving";

    /// <summary>Assemblies with engines of one's own, by absolute path. Their code runs in the process that reads them. One that cannot
    /// be loaded is logged and left out.</summary>
    public IReadOnlyList<string> EngineAssemblies { get; set; } = [];

    /// <summary>The engine that is taken when none is named.</summary>
    public string DefaultEngine { get; set; } = "vllm";
}
