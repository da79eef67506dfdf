using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Node.Diagnostics;
using Sandbox.Node.Jobs;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;
using Sandbox.Node.Maintenance;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;
using Sandbox.Node.Reconciliation;
using Sandbox.Node.Usage;
using Sandbox.Storage;
using Sandbox.Storage.Encryption;

namespace Sandbox.Node;

/// <summary>A node: takes jobs, runs sandboxes, carries traffic to their agents, and keeps records and machine in step. Needs stores
/// (<c>Sandbox.Storage</c>), and something that runs sandboxes: <c>AddDeployments</c> or <c>AddKubernetes</c>.</summary>
public static class NodeServiceCollectionExtensions
{
    /// <summary>The only node, in one process with everything else: no other process contests anything.</summary>
    public static IServiceCollection AddStandaloneNode(this IServiceCollection services) => services
        .AddNode()
        .AddSingleton<SingleProcessLeases>()
        .AddSingleton<INodeLease>(provider => provider.GetRequiredService<SingleProcessLeases>())
        .AddSingleton<ILeaderLease>(provider => provider.GetRequiredService<SingleProcessLeases>())
        .AddSingleton<IJobClaimPolicy, SingleNodeJobClaimPolicy>()
        .AddSingleton<IActivities>(provider => provider.GetRequiredService<NodeActivities>())
        .AddSingleton(provider => new DutyRecords(provider.GetRequiredService<ISandboxStore>()));

    /// <summary>A node among others: acts under the lease of its name, and the APIs reach its agents through its node API
    /// (<see cref="NodeApiApplicationBuilderExtensions.MapNodeApi"/>). Added after the cluster's stores, because it stands between them and
    /// everything here that writes. The election of the leader is added beside it (<see cref="AddStoreElection"/>).</summary>
    public static IServiceCollection AddClusterNode(this IServiceCollection services)
    {
        services.AddCluster();
        services.AddSingleton(provider => new FieldCipher(provider.GetRequiredService<ClusterSecret>().RecordSecrets()));
        services.AddOptionsWithValidateOnStart<NodeOptions, NodeOptionsValidator>().BindConfiguration(WorkerOptions.Section);
        services.AddSingleton<IValidateOptions<NodeOptions>, NodeChecks>();

        // First, so that it is stopped last: as long as anything acts, the node is one.
        services.AddHostedService(provider => provider.GetRequiredService<NodeMembership>());

        // And then whatever still runs, when nothing is started or adopted any more.
        services.AddHostedService<ShutdownCleanup>();
        services.AddNode();
        services.PostConfigure<WorkerOptions>(worker => worker.IsOnlyNode = false);
        services.AddOptions<WorkerOptions>()
            .PostConfigure<IOptions<ClusterOptions>>((worker, cluster) => worker.ClusterId = cluster.Value.Id);
        services.AddOptions<HostOptions>()
            .Configure<IOptions<NodeOptions>>((host, node) => host.ShutdownTimeout = node.Value.DrainWait + TimeSpan.FromSeconds(20));
        return services.AddMembership().AddLeadership().AddFences().AddNodeApi();
    }

    /// <summary>The leader is whichever node takes the lease in the store.</summary>
    public static IServiceCollection AddStoreElection(this IServiceCollection services) =>
        services.AddSingleton<ILeaderElection, StoreElection>();

    private static IServiceCollection AddNode(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<WorkerOptions, WorkerOptionsValidator>().BindConfiguration(WorkerOptions.Section);
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerPaths>();
        services.AddSecretFile(WorkerOptions.Section + ":AgentSecretFile", Worker(options => options.AgentSecretFile))
            .AddSecretFile(WorkerOptions.Section + ":RemoteTokenFile", Worker(options => options.RemoteTokenFile));
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<WorkerTelemetry>().AddHostedService<LoadTelemetry>().AddSingleton<NodeIdentity>();
        services.AddSingleton(provider => new NodeUsageMeter(
            () => provider.GetRequiredService<AgentGateway>().Registered, provider.GetRequiredService<DeploymentSet>(),
            provider.GetRequiredService<NodeIdentity>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<NodeUsageMeter>>()));
        services.AddSingleton<INodeUsage>(provider => provider.GetRequiredService<NodeUsageMeter>());
        services.AddSingleton<ISandboxLogs, NodeSandboxLogs>().AddSingleton<IEgressControl, NodeEgressControl>();
        services.AddSingleton<IDiagnosticSource, AgentDiagnostics>().AddSingleton<NodeDiagnosticsCollector>()
            .AddSingleton<INodeDiagnostics>(provider => provider.GetRequiredService<NodeDiagnosticsCollector>());
        return services.AddSingleton<DeploymentSet>().AddAgents().AddJobs().AddReconciliation().AddMaintenance();
    }

    private static IServiceCollection AddMaintenance(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<MaintenanceOptions, MaintenanceOptionsValidator>()
            .BindConfiguration(MaintenanceOptions.Section);
        return services.AddSingleton<NodeMaintenance>()
            .AddSingleton<INodeMaintenance>(provider => provider.GetRequiredService<NodeMaintenance>())
            .AddHostedService<MaintenanceSchedule>();
    }

    private static Func<IServiceProvider, string> Worker(Func<WorkerOptions, string> path) =>
        provider => path(provider.GetRequiredService<IOptions<WorkerOptions>>().Value);

    private static IServiceCollection AddAgents(this IServiceCollection services) => services
        .AddSingleton<SandboxFolders>()
        .AddHostedService<AgentCopy>()
        .AddSingleton<RemoteTokens>()
        .AddSingleton(provider => new AgentTokens(provider.GetRequiredService<IOptions<WorkerOptions>>()))
        .AddSingleton<AgentPort>()
        .AddHostedService(provider => provider.GetRequiredService<AgentPort>())
        .AddSingleton<PooledAgents>()
        .AddSingleton<AgentLinks>()
        .AddSingleton<AgentGateway>()
        .AddSingleton<IAgentGateway>(provider => provider.GetRequiredService<AgentGateway>());

    private static IServiceCollection AddJobs(this IServiceCollection services) => services
        // A container is its job's or the reconciliation's at a time.
        .AddSingleton<KeyedLock<IncarnationId>>()
        .AddSingleton<FailureReporter>()
        .AddSingleton<SandboxContainers>()
        .AddSingleton<StartRecorder>()
        .AddSingleton<StartAttempt>()
        .AddSingleton<FailedJobHandler>()
        .AddSingleton<JobHandlers>()
        .AddSingleton<IJobHandler, StartSandboxJobHandler>()
        .AddSingleton<IJobHandler, RestartSandboxJobHandler>()
        .AddSingleton<IJobHandler, StopSandboxJobHandler>()
        .AddSingleton<IJobHandler, RemoveSandboxJobHandler>()
        .AddSingleton<JobRetries>()
        .AddSingleton<JobRunner>()
        .AddSingleton<NodeJobSlots>()
        .AddSingleton<NodeJobQueue>()
        .AddHostedService<JobLoop>();

    private static IServiceCollection AddReconciliation(this IServiceCollection services) => services
        .AddSingleton<Adoption>()
        .AddSingleton<LossRecorder>()
        .AddSingleton<LostSandboxes>()
        .AddSingleton<ExpectedSandboxes>()
        .AddSingleton<OrphanCleanup>()
        .AddSingleton<RemoteAgents>()
        .AddSingleton<Reconciler>()
        .AddSingleton<NodeActivities>()
        .AddSingleton<DeadlineScan>()
        .AddSingleton<IClusterDuty>(provider => provider.GetRequiredService<DeadlineScan>())
        .AddSingleton<EngineOutage>()
        // Before the trigger, which wakes the loop that asks it.
        .AddSingleton<IContainerWatch>(provider => provider.GetRequiredService<EngineOutage>())
        .AddSingleton<ReconciliationTrigger>()
        .AddSingleton<IContainerWatch>(provider => provider.GetRequiredService<ReconciliationTrigger>())
        .AddHostedService<ReconciliationLoop>()
        .AddHostedService<LeaderDuties>();

    private static IServiceCollection AddMembership(this IServiceCollection services) => services
        .AddHealthChecks().AddCheck<NodeCheck>("node").Services
        .AddSingleton<FatalExit>()
        .AddSingleton<NodeAddress>()
        .AddSingleton<NodeCapacityReservations>()
        .AddSingleton<NodeHealth>()
        .AddHostedService(provider => provider.GetRequiredService<NodeHealth>())
        .AddSingleton<NodeReport>()
        .AddSingleton<NodeHeartbeat>()
        .AddSingleton<PeerSecretCheck>()
        .AddSingleton<JoinPreconditions>()
        .AddSingleton<NodeMembership>()
        .AddSingleton<NodeLease>()
        .AddSingleton<INodeLease>(provider => provider.GetRequiredService<NodeLease>())
        .AddSingleton<IJobClaimPolicy, NodeJobClaimPolicy>()
        .AddHostedService<NodeTelemetry>();

    private static IServiceCollection AddLeadership(this IServiceCollection services) => services
        .AddSingleton<LeaderLease>()
        .AddHostedService(provider => provider.GetRequiredService<LeaderLease>())
        .AddSingleton<ILeaderLease>(provider => provider.GetRequiredService<LeaderLease>())
        .AddSingleton<IActivities, ClusterActivities>()
        .AddSingleton<IClusterDuty, DeadNodes>()
        .AddSingleton<IClusterDuty>(provider => ActivatorUtilities.CreateInstance<StrandedJobs>(
            provider, ActivatorUtilities.CreateInstance<FailedJobHandler>(provider, provider.GetRequiredService<DutyRecords>().Store)))
        .AddSingleton<IClusterDuty, TombstonePurge>();

    /// <summary>Whatever writes records here does so under the node's lease; the cluster's duties under the leader's.</summary>
    private static IServiceCollection AddFences(this IServiceCollection services) => services
        .AddSingleton<ISandboxStore>(provider => new FencedSandboxStore(
            provider.GetRequiredService<UnfencedRecords>().Store, provider.GetRequiredService<INodeLease>()))
        .AddSingleton(provider => new DutyRecords(new FencedSandboxStore(
            provider.GetRequiredService<UnfencedRecords>().Store, provider.GetRequiredService<ILeaderLease>())));

    private static IServiceCollection AddNodeApi(this IServiceCollection services)
    {
        services.AddRouting();
        services.AddHttpForwarder();
        services.AddSingleton<AgentRoute>().AddSingleton<ActivityRoute>().AddSingleton<NodeUsageEndpoint>().AddSingleton<LogRoute>()
            .AddSingleton<ContainerMetricsEndpoint>()
            .AddSingleton<EgressRoute>().AddSingleton<NodeDiagnosticsEndpoint>().AddSingleton<NodeMaintenanceEndpoint>();
        services.AddSingleton<RequestDrain>().AddHostedService(provider => provider.GetRequiredService<RequestDrain>());
        return services.AddSingleton<IConfigureOptions<KestrelServerOptions>, NodeApiListener>();
    }
}
