using System.Collections.Immutable;
using System.Reflection;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Plugins;

/// <summary>Finds the engines of an assembly.</summary>
public static class EnginePluginLoader
{
    /// <param name="assembly">An absolute path. Its code runs in this process with all its rights.</param>
    /// <exception cref="EnginePluginException">It cannot be loaded, or has no engine.</exception>
    public static ImmutableArray<EngineComponents> Load(string assembly)
    {
        if (!Path.IsPathFullyQualified(assembly))
        {
            throw new EnginePluginException($"The path of an engine's assembly must be absolute, not '{assembly}'.");
        }

        try
        {
            var path = Path.GetFullPath(assembly);
            var engines = new PluginLoadContext(path).LoadFromAssemblyPath(path).GetExportedTypes()
                .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IEnginePlugin)))
                .Select(type => ((IEnginePlugin)Activator.CreateInstance(type)!).Create())
                .ToImmutableArray();
            return engines.IsEmpty
                ? throw new EnginePluginException($"{path} has no public class that implements {typeof(IEnginePlugin).FullName}.")
                : engines;
        }
        // The code of others: it may throw anything, and the other engines are of use without it.
        catch (Exception exception) when (exception is not EnginePluginException)
        {
            var reason = (exception is TargetInvocationException ? exception.InnerException : exception)?.Message;
            throw new EnginePluginException($"{assembly} could not be loaded: {reason}", exception);
        }
    }
}
