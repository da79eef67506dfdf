using Microsoft.Extensions.DependencyInjection.Extensions;
using Sandbox.Serving;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Engines;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Serving;

/// <summary>Registers what serves models. Needs the stores, the operator and the gateway to agents.</summary>
internal static class ServedModelServiceCollectionExtensions
{
    public static IServiceCollection AddServedModels(this IServiceCollection services)
    {
        services.AddServing();
        services.AddSingleton<EngineLaunches>().AddSingleton<EngineSandboxes>().AddSingleton<SandboxProcesses>()
            .AddSingleton<ReplicaConnector>().AddSingleton<EngineProbe>().AddSingleton<EngineLogs>();
        services.TryAddSingleton<IReplicaConnector>(provider => provider.GetRequiredService<ReplicaConnector>());
        services.AddSingleton<ModelChanges>().AddSingleton<ModelWriter>().AddSingleton<ModelUsage>().AddSingleton<ModelLease>()
            .AddSingleton<ModelSizes>().AddSingleton<ServedModels>();
        services.TryAddSingleton<IModelCatalog, ModelCatalog>();
        services.AddSingleton<ReplicaReconciler>().AddSingleton<ModelReconciler>().AddSingleton<ModelReconciliation>()
            .AddHostedService<ModelService>();
        services.AddSingleton<IEngineRunner, SandboxEngineRunner>().AddSingleton<IClusterRuntime, ServerClusterRuntime>();
        return services.AddTransient(provider => new ServeBackend(
            provider.GetRequiredService<IClusterRuntime>(), provider.GetRequiredService<EngineRegistry>(),
            provider.GetRequiredService<IEngineRunner>(), provider.GetRequiredService<EngineProbe>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ServeBackend>>()));
    }
}
