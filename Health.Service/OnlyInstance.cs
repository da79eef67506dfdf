using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Contracts.Files;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Health.Service;

/// <summary>
/// Two instances that each keep the lease in their own memory would make two heads. So an instance without a database keeps a lock of
/// its user on this machine, by the cluster's name; the system lets go of it when the process ends, however it ends.
/// </summary>
internal sealed partial class OnlyInstance(
    IServiceProvider services, IOptions<HealthOptions> options, IOptions<ClusterOptions> cluster, ILogger<OnlyInstance> logger)
        : IHostedLifecycleService, IDisposable
{
    private FileStream? _lock;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (StorageServiceCollectionExtensions.IsShared(services.GetRequiredService<ILeaseStore>()))
        {
            return Task.CompletedTask;
        }

        var folder = options.Value.LockFolder is { Length: > 0 } given ? given : Path.Combine(UserFolder(), "sandbox");
        try
        {
            OwnerOnlyFile.EnsureFolder(folder);
            _lock = OwnerOnlyFile.Lock(Path.Combine(folder, $"sandbox-health-{cluster.Value.Id}.lock"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SecondInstanceException(cluster.Value.Id, exception);
        }

        Log.InMemory(logger);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _lock?.Dispose();

    /// <summary>Not the machine's folder for temporary files, where any user could hold the lock or put a link in its place.</summary>
    private static string UserFolder() =>
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify)
            is { Length: > 0 } folder ? folder : Environment.CurrentDirectory;

    private static partial class Log
    {
        [LoggerMessage(
            6001, LogLevel.Warning,
            "No database is configured (" + StorageServiceCollectionExtensions.ConnectionKey + "): the head's lease is in this process's "
                + "memory, and no second instance may run")]
        public static partial void InMemory(ILogger logger);
    }
}

/// <summary>Another instance already decides for that cluster, from its memory.</summary>
public sealed class SecondInstanceException(string cluster, Exception inner) : Exception(
    $"{StorageServiceCollectionExtensions.ConnectionKey}: is missing, and another instance already keeps the head of cluster {cluster} "
        + $"in its memory ({inner.Message}); "
    + "give both the connection string of the cluster's Postgres, or run one",
    inner);
