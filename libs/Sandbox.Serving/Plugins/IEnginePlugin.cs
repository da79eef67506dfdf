using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Plugins;

/// <summary>An engine in an assembly of its own. A public class with a constructor without parameters that implements this is found when
/// the assembly is named in the settings.</summary>
public interface IEnginePlugin
{
    EngineComponents Create();
}
