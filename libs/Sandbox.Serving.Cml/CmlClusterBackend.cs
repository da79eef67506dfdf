using Sandbox.Serving.Backends;
using Sandbox.Serving.Clusters;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml;

/// <summary>A cluster on Cloudera ML behind the interface of all of them.</summary>
/// <param name="folder">The project's files, where this runs inside of Cloudera ML.</param>
public sealed class CmlClusterBackend(CmlDeployment deployment, CmlSettings settings, string folder) : IClusterBackend
{
    public Task<ClusterReport> StartAsync(CancellationToken cancellationToken) => ToldAsync(async () =>
    {
        var (_, cluster) = await deployment.LaunchAsync(settings, folder, cancellationToken);
        return (await ReportAsync(cancellationToken)) with { Messages = cluster.Warnings };
    });

    public Task<ClusterReport> ScaleAsync(int workers, CancellationToken cancellationToken) => ToldAsync(async () =>
    {
        await deployment.ManagerOf(settings).ScaleAsync(workers, settings.Cluster.WorkerVariables, cancellationToken);
        return await ReportAsync(cancellationToken);
    });

    public Task<ClusterReport> GetStatusAsync(CancellationToken cancellationToken) => ToldAsync(() => ReportAsync(cancellationToken));

    public Task<string?> FindAddressAsync(CancellationToken cancellationToken) =>
        ToldAsync(() => Task.FromResult(new ClusterStateFile(settings.StateFile).Read()?.HeadAddress));

    public Task<bool> StopAsync(CancellationToken cancellationToken) => ToldAsync(async () =>
    {
        var result = await deployment.StopAsync(settings, cancellationToken);
        return result.Errors.IsEmpty ? result.Stopped : throw new ClusterException(string.Join("; ", result.Errors));
    });

    private static async Task<T> ToldAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is CmlException or CmlConfigurationException)
        {
            throw new ClusterException(exception.Message, exception);
        }
    }

    private async Task<ClusterReport> ReportAsync(CancellationToken cancellationToken)
    {
        var status = await deployment.ManagerOf(settings).GetStatusAsync(cancellationToken);
        var applications = status.Head is { } head ? status.Workers.Insert(0, head) : status.Workers;
        return new ClusterReport(
            status.Running, status.Address,
            [.. status.Workers.Select(worker => new WorkerReport(worker.Id, worker.Name, worker.IsRunning, worker.Status))],
            [.. applications.Select(application => application.Error).OfType<string>()]);
    }
}
