using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sandbox.Api.Agents;
using Sandbox.Api.Auth;
using Sandbox.Api.Caching;
using Sandbox.Api.ClusterManagement;
using Sandbox.Api.Commands;
using Sandbox.Api.Documents;
using Sandbox.Api.E2b;
using Sandbox.Api.Envd;
using Sandbox.Api.EnvHub;
using Sandbox.Api.Files;
using Sandbox.Api.Gateway;
using Sandbox.Api.Gem;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Api.Middleware;
using Sandbox.Api.Mirrors;
using Sandbox.Api.Ops;
using Sandbox.Api.Ports;
using Sandbox.Api.Rock;
using Sandbox.Api.Rollouts;
using Sandbox.Api.Routes;
using Sandbox.Api.Sandboxes;
using Sandbox.Api.Serving;
using Sandbox.Api.Tenancy;
using Sandbox.Cluster;
using Sandbox.Domain.Operators;
using Sandbox.Storage;

namespace Sandbox.Api;

/// <summary>
/// The HTTP API: ROCK's routes, the envd proxy, management, authentication and tenancy. Needs the interfaces of
/// <c>Sandbox.Domain</c> to records, jobs, tenants, nodes and wake-ups, <c>IAgentGateway</c>, <c>INodeUsage</c>, <c>INodeDiagnostics</c>,
/// <c>INodeMaintenance</c>, <c>ISandboxLogs</c>, <c>IEgressControl</c>, <c>IPlacement</c> and <c>DeploymentManager</c> from the projects it
/// is put together with.
/// </summary>
public static class ApiServiceCollectionExtensions
{
    public static IServiceCollection AddApi(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ApiOptions, ApiOptionsValidator>()
            .BindConfiguration(ApiOptions.Section)
            .PostConfigure<IConfiguration>(TakeTimeZone)
            .PostConfigure<IConfiguration>(TakeEnvironmentImage);
        services.AddSingleton<IValidateOptions<ApiOptions>, ApiOptionsChecks>();
        services.AddSecretFile(
            $"{ApiOptions.Section}:{nameof(ApiOptions.KeyFile)}",
            provider => provider.GetRequiredService<IOptions<ApiOptions>>().Value.KeyFile);
        services.AddSecretFile(
            $"{ApiOptions.Section}:{nameof(ApiOptions.AuthorizationKeyFile)}",
            provider => provider.GetRequiredService<IOptions<ApiOptions>>().Value.AuthorizationKeyFile);
        services.AddE2b();
        services.TryAddSingleton(TimeProvider.System);
        services.AddRouting().AddHttpContextAccessor().AddRateLimiter(static _ => { });
        services.AddSingleton<IConfigureOptions<RateLimiterOptions>, TenantLimits>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>, ListenerLimits>();
        services.AddMetrics().AddSingleton<ApiTelemetry>();
        services.AddSingleton<ConfiguredApiKeys>().AddSingleton<ApiKeyCache>().AddSingleton<WrongKeyLimiter>().AddSingleton<LoopbackPeer>()
            .AddSingleton<AnonymousCallers>().AddSingleton<SandboxAccessTokens>().AddSingleton<SandboxTokenAuthenticator>()
            .AddSingleton<RequestAuthenticator>().AddSingleton<CurrentCaller>();
        services.AddSingleton<AddressConnectionLimiter>().AddSingleton<IConnectionListenerFactory, GuardedListeners>();
        services.AddSingleton<SandboxRecordCache>().AddSingleton<TenantResolver>().AddSingleton<TenantScopedRecords>()
            .AddSingleton<TenantScopedOperator>().AddSingleton<TenantScopedAgentGateway>().AddSingleton<TenantScopedCommits>()
            .AddSingleton<TenantScopedUsage>().AddSingleton<TenantScopedLogs>().AddSingleton<TenantScopedEvents>()
            .AddSingleton<TenantScopedEgress>().AddSingleton<TenantScopedEnvironments>().AddSingleton<TenantScopedModelUsage>()
            .AddSingleton<TenantScopedTimeouts>();
        services.AddSandboxOperator().AddSingleton<EgressChanges>().AddSingleton<TimeoutChanges>();
        services.AddHttpForwarder();
        services.AddSingleton<IMemoryPoolFactory<byte>, SharedMemoryPools>();
        services.AddSingleton(provider => new MemoryTrimmer(provider.GetRequiredService<TimeProvider>(), MemoryTrimmer.Collect));
        services.AddSingleton<BufferBudget>().AddSingleton<BodyBuffer>().AddSingleton<PageReader>().AddSingleton<RequestEdge>();
        services.AddSingleton<AgentClient>().AddSingleton<RockBody>().AddSingleton<StatusViews>().AddSingleton<RockAuthorization>();
        services.AddSingleton<RegistryManifests>().AddSingleton<ImageMirrors>().AddSingleton<StartPreparation>();
        services.AddSingleton<StartSandboxEndpoint>().AddSingleton<StopSandboxEndpoint>().AddSingleton<RestartSandboxEndpoint>()
            .AddSingleton<DeleteSandboxEndpoint>();
        services.AddSingleton<ArchiveSandboxEndpoint>().AddSingleton<CommitSandboxEndpoint>();
        services.AddSingleton<IsAliveEndpoint>().AddSingleton<SandboxStatusEndpoint>().AddSingleton<ListSandboxesEndpoint>()
            .AddSingleton<BatchStatusEndpoint>().AddSingleton<MountInfosEndpoint>();
        services.AddSingleton<ExecuteEndpoint>().AddSingleton<CreateSessionEndpoint>().AddSingleton<RunInSessionEndpoint>()
            .AddSingleton<CloseSessionEndpoint>();
        services.AddSingleton<ReadFileEndpoint>().AddSingleton<WriteFileEndpoint>().AddSingleton<UploadEndpoint>()
            .AddSingleton<SandboxStatisticsEndpoint>();
        services.AddSingleton<EnvHubEndpoints>().AddSingleton<GemEndpoints>();
        services.AddSingleton<PortForwardEndpoint>().AddSingleton<PortConnections>().AddSingleton<PortForwarder>()
            .AddSingleton<PortProxyEndpoint>();
        services.AddSingleton<SandboxListEndpoint>().AddSingleton<SandboxLogEndpoint>().AddSingleton<EventsEndpoint>();
        services.AddSingleton<ServerDiagnostics>();
        services.AddSingleton<TaskSets>().AddSingleton<TaskSetEndpoint>().AddSingleton<WarmupEndpoint>();
        services.AddServedModels().AddSingleton<TenantScopedModels>().AddSingleton<ModelLogEndpoint>();
        services.AddOptionsWithValidateOnStart<ClusterManagementOptions>().BindConfiguration(ClusterManagementOptions.Section);
        services.AddSingleton<IValidateOptions<ClusterManagementOptions>, ClusterManagementOptionsChecks>();
        services.AddSingleton<NodeProvisioner>().AddSingleton<ClusterResources>().AddSingleton<DashboardProxy>();
        return services.AddGateway().AddRolloutRuns().AddRollouts().AddSingleton<RockEndpoints>().AddDocument();
    }

    /// <summary>The order matters: who asks, log, which sandbox is addressed, then authentication, then the limits of the caller's tenant,
    /// then the proxies that need no route, then the routes.</summary>
    public static WebApplication MapApi(this WebApplication app)
    {
        app.UseTrustedProxies();
        app.UseMiddleware<AccessLog>();
        app.UseMiddleware<SandboxAddressMiddleware>();
        app.UseMiddleware<AuthenticationMiddleware>();
        app.UseRateLimiter();
        app.UseMiddleware<EnvdProxy>();
        app.UseWebSockets();
        app.UseMiddleware<SandboxPortProxy>();
        app.Services.GetRequiredService<RockEndpoints>().Map(app);
        app.Services.GetRequiredService<EnvHubEndpoints>().Map(app);
        app.Services.GetRequiredService<GemEndpoints>().Map(app);
        app.Services.GetRequiredService<E2bEndpoints>().Map(app);
        app.Services.GetRequiredService<PortForwardEndpoint>().Map(app);
        app.Services.GetRequiredService<PortProxyEndpoint>().Map(app);
        app.Services.GetRequiredService<GatewayEndpoint>().Map(app);
        app.MapManagement();
        app.MapClusterManagement();
        app.MapRollouts();
        app.Services.GetRequiredService<DashboardProxy>().Map(app);
        app.MapOpenApi("/openapi/v1.json");
        app.MapOpenApi("/openapi.json");
        app.MapRoutesPage();
        app.MapGet("/", Greeting.HandleAsync);
        return app;
    }

    private static void TakeTimeZone(ApiOptions options, IConfiguration configuration)
    {
        if (options.TimeZone.Length == 0)
        {
            // ROCK's own name for it, then the system's; the latter may have forms that are no zone's name.
            options.TimeZone = configuration["ROCK_TIME_ZONE"] is { Length: > 0 } named ? named
                : configuration["TZ"] is { Length: > 0 } system && TimeZoneInfo.TryFindSystemTimeZoneById(system, out _) ? system
                : "";
        }
    }

    private static void TakeEnvironmentImage(ApiOptions options, IConfiguration configuration)
    {
        if (options.EnvironmentImage.Length == 0)
        {
            options.EnvironmentImage = configuration["ROCK_ENVHUB_DEFAULT_DOCKER_IMAGE"] is { Length: > 0 } named ? named : "python:3.11";
        }
    }
}
