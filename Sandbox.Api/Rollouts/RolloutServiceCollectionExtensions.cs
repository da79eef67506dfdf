using Microsoft.Extensions.Options;

namespace Sandbox.Api.Rollouts;

/// <summary>Registers the interface to rollouts.</summary>
internal static class RolloutServiceCollectionExtensions
{
    public static IServiceCollection AddRollouts(this IServiceCollection services)
    {
        services.AddOptions<MonitoringOptions>().BindConfiguration(MonitoringOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MonitoringOptions>, MonitoringOptionsChecks>();
        return services.AddSingleton<RolloutAccess>().AddSingleton<ConsentRequests>().AddSingleton<NodeStates>()
            .AddSingleton<RolloutStream>().AddSingleton<MonitoringProxy>();
    }
}
