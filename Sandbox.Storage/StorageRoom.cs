using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Live;
using Sandbox.Storage.Sqlite;

namespace Sandbox.Storage;

/// <summary>The door of the storage room.</summary>
public static class StorageRoom
{
    /// <summary>Records and jobs in one SQLite file, live entries and wake-ups in this process. The file is opened, made and
    /// migrated when the first store is asked for.</summary>
    /// <param name="path">The database file; its folder exists.</param>
    public static IServiceCollection AddEmbeddedStorage(this IServiceCollection services, string path)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(_ => SqliteDatabase.Open(path));
        services.AddSingleton<SqliteSandboxStore>();
        services.AddSingleton<SqliteJobStore>();
        services.AddSingleton<ILiveStore, InMemoryLiveStore>();
        services.AddSingleton<IChangeFeed, InMemoryChangeFeed>();
        services.AddSingleton<LiveCache>();
        services.AddSingleton<ISandboxStore>(provider => new LiveSandboxStore(
            provider.GetRequiredService<SqliteSandboxStore>(),
            provider.GetRequiredService<LiveCache>(),
            provider.GetRequiredService<IChangeFeed>()));
        services.AddSingleton<IJobStore>(provider => new AnnouncingJobStore(
            provider.GetRequiredService<SqliteJobStore>(), provider.GetRequiredService<IChangeFeed>()));
        return services;
    }
}
