using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Serving.BuiltIn;
using Sandbox.Serving.Engines;
using Sandbox.Serving.Plugins;

namespace Sandbox.Serving;

public static partial class ServingServiceCollectionExtensions
{
    /// <summary>Adds the registry with the engines of this library and those that the settings name.</summary>
    public static IServiceCollection AddServing(this IServiceCollection services)
    {
        services.AddOptions<ServingOptions>().BindConfiguration(ServingOptions.Section);
        return services.AddSingleton(CreateRegistry);
    }

    private static EngineRegistry CreateRegistry(IServiceProvider provider)
    {
        var (options, logger) = (
            provider.GetRequiredService<IOptions<ServingOptions>>().Value, provider.GetRequiredService<ILogger<EngineRegistry>>());
        var registry = new EngineRegistry(logger);
        foreach (var engine in BuiltInEngines.All)
        {
            registry.Register(engine);
        }

        foreach (var assembly in options.EngineAssemblies)
        {
            RegisterFrom(assembly, registry, logger);
        }

        registry.SetDefault(options.DefaultEngine);
        return registry;
    }

    /// <summary>The others are of use without it; to select it says that it is not there.</summary>
    private static void RegisterFrom(string assembly, EngineRegistry registry, ILogger logger)
    {
        try
        {
            foreach (var engine in EnginePluginLoader.Load(assembly))
            {
                registry.Register(engine);
            }
        }
        catch (EnginePluginException exception)
        {
            Log.NotLoaded(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(7002, LogLevel.Error, "An engine is left out: {Reason}")]
        public static partial void NotLoaded(ILogger logger, string reason);
    }
}
