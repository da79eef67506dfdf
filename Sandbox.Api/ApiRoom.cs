using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sandbox.Api.Agents;
using Sandbox.Api.Auth;
using Sandbox.Api.Commands;
using Sandbox.Api.Documents;
using Sandbox.Api.Envd;
using Sandbox.Api.Files;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Api.Owners;
using Sandbox.Api.Ports;
using Sandbox.Api.Rock;
using Sandbox.Api.Sandboxes;
using Sandbox.Domain.Stores;

namespace Sandbox.Api;

/// <summary>
/// The HTTP face: ROCK's routes, the envd road, management, who may ask and what is whose. Needs the doors of
/// <c>Sandbox.Domain</c> to records, jobs, tenants, nodes and wake-ups, <c>ISandboxOperator</c>, <c>IAgentGateway</c>, <c>INodeUses</c>, <c>IPlacement</c> and
/// <c>DeploymentManager</c> from the rooms it is put together with.
/// </summary>
public static class ApiRoom
{
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ApiOptions, ApiOptionsValidator>()
            .BindConfiguration(ApiOptions.Section)
            .PostConfigure<IConfiguration>(TakeTimeZone);
        services.AddSingleton<IValidateOptions<ApiOptions>, ApiOptionsChecks>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddRouting().AddHttpContextAccessor();
        services.AddMetrics().AddSingleton<ApiTelemetry>();
        services.AddSingleton<ApiKeyRing>().AddSingleton<TenantKeys>().AddSingleton<Doorkeeper>().AddSingleton<CurrentCaller>();
        services.AddSingleton<IConnectionListenerFactory, GuardedListeners>();
        services.AddSingleton<Ownership>().AddSingleton<OwnRecords>().AddSingleton<OwnSandboxes>().AddSingleton<OwnAgents>().AddSingleton<OwnCommits>().AddSingleton<OwnUses>();
        services.AddHttpForwarder();
        services.AddSingleton<AgentClient>().AddSingleton<RockBody>().AddSingleton<StatusViews>();
        services.AddSingleton<StartSandbox>().AddSingleton<StopSandbox>().AddSingleton<RestartSandbox>().AddSingleton<DeleteSandbox>();
        services.AddSingleton<ArchiveSandbox>().AddSingleton<CommitSandbox>();
        services.AddSingleton<IsAlive>().AddSingleton<SandboxStatus>().AddSingleton<ListSandboxes>().AddSingleton<BatchStatus>();
        services.AddSingleton<Execute>().AddSingleton<CreateSession>().AddSingleton<RunInSession>().AddSingleton<CloseSession>();
        services.AddSingleton<ReadFile>().AddSingleton<WriteFile>().AddSingleton<Upload>().AddSingleton<SandboxStatistics>();
        services.AddSingleton<PortForward>();
        services.AddSingleton<TenantRoutes>().AddSingleton<KeyRoutes>().AddSingleton<DeadLetterRoutes>().AddSingleton<NodeRoutes>().AddSingleton<UsageRoutes>();
        services.AddSingleton(provider => new JoinTokenRoutes(provider.GetService<IMemberStore>(), provider.GetRequiredService<TimeProvider>()));
        return services.AddSingleton<RockFace>().AddSingleton<ManagementFace>().AddSingleton<OpenApiDocument>();
    }

    /// <summary>The order matters: log, then lock, then the road that needs no route, then the routes.</summary>
    public static WebApplication MapApi(this WebApplication app)
    {
        app.UseMiddleware<AccessLog>();
        app.UseMiddleware<AccessGate>();
        app.UseMiddleware<EnvdRoad>();
        app.UseWebSockets();
        app.Services.GetRequiredService<RockFace>().Map(app);
        app.MapGet(RockFace.Prefix + PortForward.Path, app.Services.GetRequiredService<PortForward>().HandleAsync);
        app.Services.GetRequiredService<ManagementFace>().Map(app);
        var document = app.Services.GetRequiredService<OpenApiDocument>();
        app.MapGet("/openapi/v1.json", document.HandleAsync);
        app.MapGet("/openapi.json", document.HandleAsync);
        app.MapGet("/", Greeting.HandleAsync);
        return app;
    }

    private static void TakeTimeZone(ApiOptions options, IConfiguration configuration)
    {
        if (options.TimeZone.Length == 0)
        {
            // ROCK's own name for it, then the system's; the latter may hold forms that are no zone's name.
            options.TimeZone = configuration["ROCK_TIME_ZONE"] is { Length: > 0 } named ? named
                : configuration["TZ"] is { Length: > 0 } system && TimeZoneInfo.TryFindSystemTimeZoneById(system, out _) ? system
                : "";
        }
    }
}
