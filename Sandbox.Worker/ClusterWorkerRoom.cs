using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Clusters;
using Sandbox.Worker.Cluster;
using Sandbox.Worker.Head;
using Sandbox.Worker.Jobs;
using Sandbox.Worker.Roads;
using Sandbox.Worker.Status;
using Sandbox.Worker.Upkeep;
using Sandbox.Worker.Uses;

namespace Sandbox.Worker;

/// <summary>The door of the worker's room for a worker that is one of several.</summary>
public static class ClusterWorkerRoom
{
    /// <summary>A node among others: all that <see cref="WorkerRoom.AddWorker"/> adds, under the lease of its name, and the
    /// roads over which the APIs reach its agents. Added after the cluster's stores, because it stands between them and
    /// everything here that writes.</summary>
    public static IServiceCollection AddClusterWorker(this IServiceCollection services) =>
        services.AddClusterWorker(static worker => worker.AddWorker());

    /// <summary>The same without the deployments of this machine (<see cref="WorkerRoom.AddWorkerCore"/>): another room adds those.</summary>
    public static IServiceCollection AddClusterWorkerCore(this IServiceCollection services) =>
        services.AddClusterWorker(static worker => worker.AddWorkerCore());

    /// <summary>The same, and where the configuration names a whitelist or a health service, they say who is the head.</summary>
    /// <exception cref="OptionsValidationException">A variable of theirs cannot be.</exception>
    public static IServiceCollection AddClusterWorker(this IServiceCollection services, IConfiguration settings)
    {
        services.AddClusterWorker();
        return HeadSettings.AreGiven(settings) ? services.AddStatus(settings).AddHealthElection(HeadSettings.Read(settings)) : services;
    }

    /// <summary>The internal port: who lives, what was used when, and the roads to the agents.</summary>
    public static WebApplication MapClusterWorker(this WebApplication app)
    {
        app.UseRole();
        app.UseStatus();
        app.UseMiddleware<RoadGate>();
        app.MapGet(RoadRoutes.Ping, () => TypedResults.NoContent());
        app.MapGet(RoadRoutes.Logs, () => TypedResults.Text(string.Join('\n', app.Services.GetService<LogTail>()?.Lines ?? [])));
        app.MapGet(RoadRoutes.Use, app.Services.GetRequiredService<UseRoute>().HandleAsync);
        app.MapGet(ActivityRoute.Pattern, app.Services.GetRequiredService<ActivityRoute>().HandleAsync);
        app.Map(AgentRoute.Pattern, app.Services.GetRequiredService<AgentRoute>().HandleAsync);
        return app;
    }

    private static IServiceCollection AddClusterWorker(this IServiceCollection services, Action<IServiceCollection> addWorker)
    {
        services.AddCluster();
        services.AddOptionsWithValidateOnStart<NodeOptions, NodeOptionsValidator>().BindConfiguration(WorkerOptions.Section);
        services.AddSingleton<IValidateOptions<NodeOptions>, NodeChecks>();

        // First, so that it is stopped last: as long as anything acts, the node is one.
        services.AddHostedService(provider => provider.GetRequiredService<NodeMembership>());

        // And then whatever still runs, when nobody starts or adopts anything any more.
        services.AddHostedService<LastRound>();
        addWorker(services);
        services.PostConfigure<WorkerOptions>(worker => worker.IsOnlyNode = false);
        services.AddOptions<WorkerOptions>().PostConfigure<IOptions<ClusterOptions>>((worker, cluster) => worker.ClusterId = cluster.Value.Id);
        services.AddOptions<HostOptions>().Configure<IOptions<NodeOptions>>((host, node) => host.ShutdownTimeout = node.Value.DrainWait + TimeSpan.FromSeconds(20));
        return services.AddMembership().AddHead().AddFences().AddRoads();
    }

    private static IServiceCollection AddMembership(this IServiceCollection services) => services
        .AddHealthChecks().AddCheck<NodeCheck>("node").Services
        .AddSingleton<ProcessEnd>()
        .AddSingleton<NodeAddress>()
        .AddSingleton<NodeRooms>()
        .AddSingleton<NodeImages>()
        .AddSingleton<NodeHealth>()
        .AddHostedService(provider => provider.GetRequiredService<NodeHealth>())
        .AddSingleton<NodeMembership>()
        .AddSingleton<Neighbours>()
        .AddSingleton<NodeRight>()
        .AddHostedService<NodeTelemetry>()
        .Replace(ServiceDescriptor.Singleton<INodeRight>(provider => provider.GetRequiredService<NodeRight>()))
        .Replace(ServiceDescriptor.Singleton<IClaimTerms, NodeTerms>());

    private static IServiceCollection AddHead(this IServiceCollection services) => services
        .AddStoreElection()
        .AddSingleton<HeadLease>()
        .AddHostedService(provider => provider.GetRequiredService<HeadLease>())
        .Replace(ServiceDescriptor.Singleton<IHeadRight>(provider => provider.GetRequiredService<HeadLease>()))
        .Replace(ServiceDescriptor.Singleton<IActivities, ClusterActivities>())
        .AddSingleton<IClusterDuty, DeadNodes>()
        .AddSingleton<IClusterDuty>(provider => ActivatorUtilities.CreateInstance<StrandedJobs>(
            provider, ActivatorUtilities.CreateInstance<GivenUpJobs>(provider, provider.GetRequiredService<DutyRecords>().Store)))
        .AddSingleton<IClusterDuty, TombstonePurge>();

    /// <summary>Whatever writes records here does so under the node's right; the cluster's duties under the head's.</summary>
    private static IServiceCollection AddFences(this IServiceCollection services)
    {
        var records = services.Last(service => service.ServiceType == typeof(ISandboxStore));
        services.Remove(records);
        services.AddSingleton(provider => new UnfencedRecords(Make(provider, records)));
        services.AddSingleton<ISandboxStore>(provider => new FencedSandboxStore(
            provider.GetRequiredService<UnfencedRecords>().Store, provider.GetRequiredService<INodeRight>()));
        return services.Replace(ServiceDescriptor.Singleton(provider => new DutyRecords(new FencedSandboxStore(
            provider.GetRequiredService<UnfencedRecords>().Store, provider.GetRequiredService<IHeadRight>()))));
    }

    private static IServiceCollection AddRoads(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddHttpForwarder();
        services.AddSingleton<AgentRoute>().AddSingleton<ActivityRoute>().AddSingleton<UseRoute>();
        services.AddSingleton<RoadEnd>().AddHostedService(provider => provider.GetRequiredService<RoadEnd>());
        return services.AddSingleton<IConfigureOptions<KestrelServerOptions>, WorkerListener>();
    }

    private static ISandboxStore Make(IServiceProvider provider, ServiceDescriptor service) =>
        (ISandboxStore)(service.ImplementationInstance ?? service.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, service.ImplementationType!));

    /// <summary>The store as it was registered; nobody but the fences asks for it.</summary>
    private sealed record UnfencedRecords(ISandboxStore Store);
}
