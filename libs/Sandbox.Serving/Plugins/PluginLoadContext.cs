using System.Reflection;
using System.Runtime.Loader;

namespace Sandbox.Serving.Plugins;

/// <summary>Loads a plug-in with the libraries beside it, apart from those of the program: both may need one in different
/// versions.</summary>
internal sealed class PluginLoadContext(string assembly) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(assembly))
{
    private readonly AssemblyDependencyResolver _resolver = new(assembly);

    protected override Assembly? Load(AssemblyName assemblyName) =>
        // The contract is the program's own: from a copy of it, no type would be the one that is looked for.
        assemblyName.Name == typeof(IEnginePlugin).Assembly.GetName().Name
            || _resolver.ResolveAssemblyToPath(assemblyName) is not { } path
            ? null
            : LoadFromAssemblyPath(path);
}
