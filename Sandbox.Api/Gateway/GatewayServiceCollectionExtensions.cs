namespace Sandbox.Api.Gateway;

internal static class GatewayServiceCollectionExtensions
{
    /// <summary>The gateway over the models of <c>IModelCatalog</c>.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<GatewayOptions, GatewayOptionsValidator>().BindConfiguration(GatewayOptions.Section);
        return services
            .AddSingleton<ModelTable>().AddHostedService(static provider => provider.GetRequiredService<ModelTable>())
            .AddSingleton<ReplicaConnections>().AddHostedService<ReplicaHealthChecks>()
            .AddSingleton<ModelUsageCounter>().AddHostedService(static provider => provider.GetRequiredService<ModelUsageCounter>())
            .AddSingleton<CallerAllowances>().AddSingleton<GatewayTelemetry>()
            .AddSingleton<ModelBody>().AddSingleton<ModelForwarder>().AddSingleton<GatewayEndpoint>();
    }
}
