using Microsoft.Extensions.DependencyInjection.Extensions;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

internal static class GatewayServiceCollectionExtensions
{
    /// <summary>The gateway over the models of <see cref="IModelCatalog"/>.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<GatewayOptions, GatewayOptionsValidator>().BindConfiguration(GatewayOptions.Section);
        services.TryAddSingleton<IModelCatalog, NoModels>();
        services.TryAddSingleton<IReplicaConnector, TcpReplicaConnector>();
        return services
            .AddSingleton<ModelTable>().AddHostedService(static provider => provider.GetRequiredService<ModelTable>())
            .AddSingleton<ReplicaConnections>().AddHostedService<ReplicaHealthChecks>()
            .AddSingleton<CallerAllowances>().AddSingleton<GatewayTelemetry>()
            .AddSingleton<ModelBody>().AddSingleton<ModelForwarder>().AddSingleton<GatewayEndpoint>();
    }
}
