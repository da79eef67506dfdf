using Microsoft.Extensions.Options;
using Sandbox.Rollout;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Api.Rollouts;

/// <summary>Registers what runs rollouts. Needs an <see cref="IRolloutStore"/> and <see cref="RolloutOptions"/> from the stores.</summary>
internal static class RolloutRunServiceCollectionExtensions
{
    public static IServiceCollection AddRolloutRuns(this IServiceCollection services)
    {
        services.AddSingleton(provider => RolloutEngine.Open(
            Options(provider), _ => provider.GetRequiredService<IRolloutStore>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ExecutionSupervisor(
            Options(provider), provider.GetRequiredService<RolloutEngine>, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ExecutionSupervisor>>()));
        services.AddSingleton(provider => new RolloutAutomation(
            provider.GetRequiredService<RolloutEngine>(), provider.GetRequiredService<ExecutionSupervisor>(),
            provider.GetRequiredService<RolloutHistoryStores>(),
            new WebhookOptions { AllowPrivate = Options(provider).AllowPrivateWebhooks }, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RolloutAutomation>>()));
        return services.AddHostedService(provider => provider.GetRequiredService<ExecutionSupervisor>())
            .AddHostedService<RolloutAutomationService>();
    }

    private static RolloutOptions Options(IServiceProvider provider) => provider.GetRequiredService<IOptions<RolloutOptions>>().Value;
}
