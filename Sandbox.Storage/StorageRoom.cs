using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Live;
using Sandbox.Storage.Operators;
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
        return services.AddOperator();
    }

    /// <summary>The operator over whatever stores there are, the manager that prepares its configurations, and the policies
    /// of both. Needs an <see cref="IPlacement"/> from the room that runs sandboxes.</summary>
    private static IServiceCollection AddOperator(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<SpecLimits, SpecLimitsValidator>().BindConfiguration(SpecLimits.Section);
        services.AddOptionsWithValidateOnStart<LifecycleOptions, LifecycleOptionsValidator>().BindConfiguration(LifecycleOptions.Section);
        services.AddOptionsWithValidateOnStart<OperatorOptions, OperatorOptionsValidator>().BindConfiguration(OperatorOptions.Section);
        services.AddOptions<SecurityPolicy>().BindConfiguration(SecurityPolicy.Section);
        services.AddSingleton<SandboxMoves>();
        services.AddSingleton(provider => new AutoPolicy(Value<LifecycleOptions>(provider)));
        services.AddSingleton(provider => new DeploymentManager(
            Value<SpecLimits>(provider), Value<SecurityPolicy>(provider), Value<LifecycleOptions>(provider), provider.GetRequiredService<AutoPolicy>()));
        services.AddSingleton<ClusterOperator>();
        return services.AddSingleton<ISandboxOperator>(provider => provider.GetRequiredService<ClusterOperator>());
    }

    private static T Value<T>(IServiceProvider provider)
        where T : class => provider.GetRequiredService<IOptions<T>>().Value;
}
