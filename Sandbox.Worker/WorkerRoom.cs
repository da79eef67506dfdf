using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;
using Sandbox.Storage;
using Sandbox.Worker.Agents;
using Sandbox.Worker.Archives;
using Sandbox.Worker.Cluster;
using Sandbox.Worker.Deployments;
using Sandbox.Worker.Docker;
using Sandbox.Worker.Head;
using Sandbox.Worker.Jobs;
using Sandbox.Worker.Process;
using Sandbox.Worker.Tools;
using Sandbox.Worker.Upkeep;
using Sandbox.Worker.Uses;

namespace Sandbox.Worker;

/// <summary>The door of the worker's room.</summary>
public static class WorkerRoom
{
    /// <summary>A node: takes jobs, runs sandboxes, carries traffic to their agents, and keeps records and machine in step.
    /// Needs stores and an operator (<c>Sandbox.Storage</c>).</summary>
    public static IServiceCollection AddWorker(this IServiceCollection services) =>
        services.AddWorkerCore().AddDeployments().AddHostedService<EngineWatch>();

    /// <summary>The same without the deployments of this machine and the placement on it: another room adds those.</summary>
    public static IServiceCollection AddWorkerCore(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<WorkerOptions, WorkerOptionsValidator>().BindConfiguration(WorkerOptions.Section);
        services.AddSingleton<IValidateOptions<WorkerOptions>, WorkerPaths>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<WorkerTelemetry>().AddHostedService<LoadTelemetry>().AddSingleton<NodeIdentity>();
        services.AddSingleton(provider => new OwnUse(
            () => provider.GetRequiredService<AgentGateway>().Admitted, provider.GetRequiredService<DeploymentSet>(), provider.GetRequiredService<NodeIdentity>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<OwnUse>>()));
        services.AddSingleton<INodeUses>(provider => provider.GetRequiredService<OwnUse>());
        return services.AddSoleProcess().AddSingleton<DeploymentSet>().AddAgents().AddJobs().AddUpkeep();
    }

    /// <summary>Nobody contests anything; a worker that is one of several replaces these.</summary>
    private static IServiceCollection AddSoleProcess(this IServiceCollection services) => services
        .AddSingleton<SoleProcess>()
        .AddSingleton<INodeRight>(provider => provider.GetRequiredService<SoleProcess>())
        .AddSingleton<IHeadRight>(provider => provider.GetRequiredService<SoleProcess>())
        .AddSingleton<IClaimTerms, SoleNodeTerms>()
        .AddSingleton(provider => new DutyRecords(provider.GetRequiredService<ISandboxStore>()));

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

    private static IServiceCollection AddDeployments(this IServiceCollection services) => services
        .AddSingleton<IDeployment, DockerDeployment>()
        .AddSingleton<Bubblewrap>()
        .AddSingleton<ILocalIsolation>(provider => provider.GetRequiredService<Bubblewrap>())
        .AddSingleton<AgentProgram>()
        .AddSingleton<LocalLaunch>()
        .AddSingleton<IDeployment, LocalDeployment>()
        .AddSingleton<IDeployment, RemoteDeployment>()
        .AddSingleton<IPlacement, Placement>();

    private static IServiceCollection AddJobs(this IServiceCollection services) => services
        // A container is its job's or the upkeep's at a time.
        .AddSingleton<Turns<IncarnationId>>()
        .AddSingleton<StartAttempt>()
        .AddSingleton<GivenUpJobs>()
        .AddSingleton<JobHandlers>()
        .AddSingleton<StartSandboxJob>()
        .AddSingleton<RestartSandboxJob>()
        .AddSingleton<StopSandboxJob>()
        .AddSingleton<RemoveSandboxJob>()
        // Archives and commits go past the deployment; nothing is connected before somebody uses it.
        .AddSingleton<EngineConnection>()
        .AddSingleton<IHostTools, HostTools>()
        .AddSingleton<ArchiveFiles>()
        .AddSingleton<StagingImage>()
        .AddSingleton<ContainerArchive>()
        .AddSingleton<ArchiveSandboxJob>()
        .AddSingleton<RestoreSandboxJob>()
        .AddSingleton<DiscardArchiveJob>()
        .AddSingleton<CommitSandboxJob>()
        .AddSingleton<ArchiveJobs>()
        .AddSingleton<JobRunner>()
        .AddHostedService<JobLoop>();

    private static IServiceCollection AddUpkeep(this IServiceCollection services) => services
        .AddSingleton<Adoption>()
        .AddSingleton<LostSandboxes>()
        .AddSingleton<Leftovers>()
        .AddSingleton<RemoteAgents>()
        .AddSingleton<Reconciler>()
        .AddSingleton<OwnActivities>()
        .AddSingleton<IActivities>(provider => provider.GetRequiredService<OwnActivities>())
        .AddSingleton<DeadlineScan>()
        .AddSingleton<IClusterDuty>(provider => provider.GetRequiredService<DeadlineScan>())
        .AddSingleton<EngineOutage>()
        // Before the one who wakes whoever asks it.
        .AddSingleton<IContainerWatch>(provider => provider.GetRequiredService<EngineOutage>())
        .AddSingleton<UpkeepWake>()
        .AddSingleton<IContainerWatch>(provider => provider.GetRequiredService<UpkeepWake>())
        .AddHostedService<UpkeepLoop>()
        .AddHostedService<HeadDuties>();
}
