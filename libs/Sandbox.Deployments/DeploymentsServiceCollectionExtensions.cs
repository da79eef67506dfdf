using Sandbox.Deployments.Archives;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Images;
using Sandbox.Deployments.Local;
using Sandbox.Deployments.Machine;
using Sandbox.Deployments.Maintenance;
using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Remote;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Operators;
using Sandbox.Node.Deployments;
using Sandbox.Node.Diagnostics;
using Sandbox.Node.Jobs;
using Sandbox.Node.Maintenance;

namespace Sandbox.Deployments;

/// <summary>The ways in which a node runs sandboxes on its own machine, or reaches those that run elsewhere.</summary>
public static class DeploymentsServiceCollectionExtensions
{
    /// <summary>Docker, Local and Remote, the placement among them, and the jobs that put containers into archives.</summary>
    public static IServiceCollection AddDeployments(this IServiceCollection services) => services
        .AddSingleton<EngineConnection>()
        .AddSingleton<IHostTools, HostTools>()
        .AddDocker()
        .AddSingleton<Bubblewrap>()
        .AddSingleton<ILocalIsolation>(provider => provider.GetRequiredService<Bubblewrap>())
        .AddSingleton<AgentProgram>()
        .AddSingleton<LocalNetwork>()
        .AddSingleton<ControlGroups>()
        .AddSingleton<LocalLaunch>()
        .AddSingleton<IDeployment, LocalDeployment>()
        .AddSingleton<IDeployment, RemoteDeployment>()
        .AddSingleton<IPlacement, Placement>()
        .AddDiagnostics()
        .AddArchives()
        .AddMaintenance();

    private static IServiceCollection AddDocker(this IServiceCollection services) => services
        .AddSingleton<ImageLedger>()
        .AddSingleton<RegistryCheck>()
        .AddSingleton<SandboxImages>()
        .AddSingleton<Firewall>()
        .AddSingleton<INameLookup, MachineNameLookup>()
        .AddSingleton<SandboxNetworks>()
        .AddSingleton<ContainerStarter>()
        .AddSingleton<ContainerPlanner>()
        .AddSingleton<GpuAssignment>()
        .AddSingleton<ContainerCreation>()
        .AddSingleton<SharedDiskBudget>()
        .AddSingleton<DockerStart>()
        .AddSingleton<IDeployment, DockerDeployment>()
        .AddSingleton<NetworkLifetime>()
        .AddSingleton<IContainerWatch>(provider => provider.GetRequiredService<NetworkLifetime>())
        .AddHostedService(provider => provider.GetRequiredService<NetworkLifetime>())
        .AddHostedService<EngineWatch>()
        .AddSingleton<ImageEviction>()
        .AddHostedService(provider => provider.GetRequiredService<ImageEviction>());

    /// <summary>In the order in which they are told.</summary>
    private static IServiceCollection AddDiagnostics(this IServiceCollection services) => services
        .AddSingleton<IDiagnosticSource, DockerDiagnostics>()
        .AddSingleton<IDiagnosticSource, LocalDiagnostics>()
        .AddSingleton<IDiagnosticSource, MachineDiagnostics>();

    private static IServiceCollection AddMaintenance(this IServiceCollection services) => services
        .AddSingleton<IMaintenanceTask, ImageCleanupTask>()
        .AddSingleton<IMaintenanceTask, ImagePullTask>()
        .AddSingleton<IMaintenanceTask, ContainerCleanupTask>()
        .AddSingleton<IMaintenanceTask, DockerHealthTask>()
        .AddSingleton<IMaintenanceTask, FileCleanupTask>()
        .AddSingleton<IMaintenanceTask, SandboxLogArchiveTask>();

    /// <summary>Archives and commits go past the deployment; nothing is connected before it is used.</summary>
    private static IServiceCollection AddArchives(this IServiceCollection services) => services
        .AddSingleton<ArchiveFiles>()
        .AddSingleton<ArchiveSpace>()
        .AddSingleton<StagingImage>()
        .AddSingleton<ContainerArchive>()
        .AddSingleton<ContainerCommit>()
        .AddSingleton<IJobHandler, ArchiveSandboxJobHandler>()
        .AddSingleton<IJobHandler, RestoreSandboxJobHandler>()
        .AddSingleton<IJobHandler, DiscardArchiveJobHandler>()
        .AddSingleton<IJobHandler, CommitSandboxJobHandler>();
}
