using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Jobs;
using Sandbox.Serving.Cml.Projects;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml;

/// <summary>From nothing to a cluster: the project with its clone, the jobs, their run. The last job does
/// <see cref="LaunchAsync"/>, inside Cloudera ML.</summary>
public sealed class CmlDeployment(CmlClient client, TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>Finds or makes the project, waits for its clone, makes the jobs what the file says, runs them and watches them to the
    /// end.</summary>
    /// <param name="force">Also jobs run whose last run has succeeded.</param>
    /// <exception cref="CmlConfigurationException">The project's repository cannot be taken.</exception>
    /// <exception cref="CmlException">A call or a job failed, or was not done in time.</exception>
    public async Task<CmlDeploymentResult> RunAsync(
        CmlSettings settings, ImmutableArray<JobDefinition> jobs, bool force, CancellationToken cancellationToken)
    {
        await client.CheckAsync(cancellationToken);
        var projects = new ProjectSetup(client, time, loggers.CreateLogger<ProjectSetup>());
        var project = settings.ProjectId ?? await projects.FindOrCreateAsync(settings.Project!, cancellationToken);
        await projects.WaitForCloneAsync(project, cancellationToken);
        var made = await new JobSetup(client, loggers.CreateLogger<JobSetup>())
            .EnsureAsync(project, jobs, settings.RuntimeIdentifier, cancellationToken);
        var outcomes = await new JobChain(client, time, loggers.CreateLogger<JobChain>())
            .RunAsync(project, made, force, cancellationToken);
        return new CmlDeploymentResult(project, outcomes);
    }

    /// <summary>The cluster of the settings, to start, ask, change or stop it.</summary>
    /// <exception cref="CmlConfigurationException">No project is named by its id.</exception>
    public CmlClusterManager ManagerOf(CmlSettings settings) => new(
        client, settings.ProjectId ?? throw new CmlConfigurationException("cai.project_id is missing"),
        new ClusterStateFile(settings.StateFile), time, loggers.CreateLogger<CmlClusterManager>());

    /// <summary>Writes the launchers that the settings name into the project, starts the cluster and writes into a file how it is
    /// reached.</summary>
    /// <param name="folder">The project's files, where this runs inside of Cloudera ML.</param>
    /// <exception cref="CmlConfigurationException">The options cannot be.</exception>
    /// <exception cref="CmlException">A cluster is there already, the head did not run, or a call failed; nothing is left.</exception>
    public async Task<(ClusterInfo Info, CmlCluster Cluster)> LaunchAsync(
        CmlSettings settings, string folder, CancellationToken cancellationToken)
    {
        if (settings.Launchers is { } launchers)
        {
            LauncherScripts.Write(
                launchers, Path.Combine(folder, settings.Cluster.HeadScript), Path.Combine(folder, settings.Cluster.WorkerScript));
        }

        var cluster = await ManagerOf(settings).StartAsync(settings.Cluster, cancellationToken);
        var info = ClusterInfo.Of(cluster.State, client.Host);
        info.Write(settings.InfoFile);
        return (info, cluster);
    }

    /// <summary>Deletes the cluster, and the file that says how it is reached.</summary>
    /// <exception cref="CmlConfigurationException">No project is named by its id.</exception>
    /// <exception cref="CmlException">Another process changes the cluster now.</exception>
    public async Task<StopClusterResult> StopAsync(CmlSettings settings, CancellationToken cancellationToken)
    {
        var result = await ManagerOf(settings).StopAsync(cancellationToken);
        if (result.Errors.IsEmpty)
        {
            File.Delete(settings.InfoFile);
        }

        return result;
    }
}
