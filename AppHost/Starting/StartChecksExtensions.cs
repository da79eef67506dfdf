using Aspire.Hosting.Lifecycle;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AppHost.Starting;

/// <summary>Adds the checks before a stack starts, and what watches the stack afterwards.</summary>
internal static class StartChecksExtensions
{
    public static void AddStartChecks(this IDistributedApplicationBuilder builder, FloorSettings floor, ApiAccess access)
    {
        builder.Services.AddSingleton(floor).AddSingleton(access).AddSingleton(Runner.Now()).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<StartOutcome>().AddSingleton<StackLock>().AddSingleton<ContainerEngine>().AddSingleton<StoreImages>();
        builder.Services.TryAddEventingSubscriber<StartChecks>();

        // What a start fails of is told in one line, and not also with the stack trace of what was cancelled.
        builder.Services.AddLogging(logging => logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical));
        builder.Services
            .AddHostedService<RunnerWatch>()
            .AddHostedService<OrchestratorWatch>()
            .AddHostedService<StackWatch>()
            .AddHostedService<StackContext>()
            .AddHostedService<PrometheusTargets>();
    }
}
