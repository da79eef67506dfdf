using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Rollout;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Schedules;
using Sandbox.Rollout.Stores;
using Sandbox.Rollout.Webhooks;
using Sandbox.Storage.Archives;
using Sandbox.Storage.Encryption;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Live;
using Sandbox.Storage.Postgres;
using Sandbox.Storage.Redis;
using Sandbox.Storage.Sqlite;
using StackExchange.Redis;

namespace Sandbox.Storage;

/// <summary>Registers the stores.</summary>
public static class StorageServiceCollectionExtensions
{
    /// <summary>What the connection string of the cluster's Postgres is called.</summary>
    public const string DatabaseName = "sandbox";

    /// <summary>What that of its Redis is called; without a value there is none.</summary>
    public const string RedisName = "redis";

    public const string ConnectionKey = $"ConnectionStrings:{DatabaseName}";

    public const string RedisKey = $"ConnectionStrings:{RedisName}";

    /// <summary>Records and jobs in one SQLite file, live entries and wake-ups in this process. The file is opened, made and
    /// migrated when the first store is asked for. Secrets in it are encrypted under the one in <c>records.key</c> beside it.</summary>
    /// <param name="path">The database file; its folder exists.</param>
    public static IServiceCollection AddStandaloneStorage(this IServiceCollection services, string path)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(_ => SqliteDatabase.Open(path));
        services.AddSingleton(_ => RolloutStores.CipherBeside(path));
        services.AddSingleton<SqliteSandboxStore>();
        services.AddSingleton<SqliteJobStore>();
        services.AddSingleton<SqliteCommitStore>();
        services.AddSingleton<ILeaseStore, SqliteLeaseStore>();
        services.AddSingleton<INodeStore, SqliteNodeStore>();
        services.AddSingleton<IEnvironmentStore, SqliteEnvironmentStore>();
        services.AddSingleton<SqliteTenantStore>();
        services.AddSingleton<IModelStore, SqliteModelStore>().AddSingleton<IModelUsageStore, SqliteModelUsageStore>();
        return services
            .AddLocalLive()
            .AddStandaloneRollouts(Path.GetDirectoryName(path)!)
            .AddEncryption(provider => provider.GetRequiredService<SqliteCommitStore>())
            .AddAnnounced(
                provider => provider.GetRequiredService<SqliteSandboxStore>(), provider => provider.GetRequiredService<SqliteJobStore>())
            .AddTenants(provider => provider.GetRequiredService<SqliteTenantStore>())
            .AddPolicies();
    }

    /// <summary>What the stores rely on in a pool of connections that a client integration makes.</summary>
    public static void Prepare(NpgsqlDataSourceBuilder database) => PostgresDatabase.Prepare(database);

    /// <summary>The same of a client of Redis.</summary>
    public static void Prepare(ConfigurationOptions redis, IConfiguration settings) =>
        RedisTarget.Prepare(redis, settings.GetSection(RedisOptions.Section).Get<RedisOptions>() ?? new RedisOptions());

    /// <summary>The same as <see cref="AddClusterStorage(IServiceCollection, string?, string?)"/>, where the configuration has both
    /// strings.</summary>
    /// <exception cref="StorageUnavailableException">The first is missing, or one is no connection string.</exception>
    public static IServiceCollection AddClusterStorage(this IServiceCollection services, IConfiguration settings) =>
        services.AddClusterStorage(settings[ConnectionKey], settings[RedisKey]);

    /// <summary>The same as <see cref="AddHeadStorage(IServiceCollection, string?)"/>.</summary>
    public static IServiceCollection AddHeadStorage(this IServiceCollection services, IConfiguration settings) =>
        services.AddHeadStorage(settings[ConnectionKey]);

    /// <summary>Records, jobs and leases in the Postgres that all processes of a cluster share. It is connected and migrated
    /// before the process starts anything else. Clients that were registered before are used, as <c>Prepare</c> made them; else the stores
    /// have their own. Needs a <see cref="FieldCipher"/>, which the process makes of the cluster's secret.</summary>
    /// <param name="connectionString">What <see cref="ConnectionKey"/> says.</param>
    /// <param name="redis">What <see cref="RedisKey"/> says.</param>
    /// <exception cref="StorageUnavailableException">The first is missing, or one is no connection string.</exception>
    public static IServiceCollection AddClusterStorage(this IServiceCollection services, string? connectionString, string? redis)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddDatabase(connectionString);
        services.AddHealthChecks().AddCheck<PostgresCheck>("postgres");
        services.AddSingleton<PostgresSandboxStore>();
        services.AddSingleton<PostgresJobStore>();
        services.AddSingleton<PostgresCommitStore>();
        services.AddSingleton<ILeaseStore, PostgresLeaseStore>();
        services.AddSingleton<INodeStore, PostgresNodeStore>();
        services.AddSingleton<IEnvironmentStore, PostgresEnvironmentStore>();
        services.AddSingleton<IMemberStore, PostgresMemberStore>();
        services.AddSingleton<PostgresTenantStore>();
        services.AddSingleton<IModelStore, PostgresModelStore>().AddSingleton<IModelUsageStore, PostgresModelUsageStore>();
        services.AddRolloutOptions().AddSingleton<IRolloutStore, PostgresRolloutStore>();
        services.AddSingleton<IDeploymentStore, PostgresDeploymentStore>().AddSingleton<IScheduleStore, PostgresScheduleStore>()
            .AddSingleton<IWebhookStore, PostgresWebhookStore>().AddSingleton<RolloutHistoryStores>();
        return services
            .AddClusterLive(redis)
            .AddEncryption(provider => provider.GetRequiredService<PostgresCommitStore>())
            .AddAnnounced(
                provider => provider.GetRequiredService<PostgresSandboxStore>(), provider =>
                    provider.GetRequiredService<PostgresJobStore>())
            .AddTenants(provider => provider.GetRequiredService<PostgresTenantStore>())
            .AddPolicies();
    }

    /// <summary>Only what decides which node is the head: leases, members and join tokens, in the cluster's Postgres; without one in this
    /// process, which then must be the only one.</summary>
    /// <param name="connectionString">What <see cref="ConnectionKey"/> says; empty: there is none.</param>
    /// <exception cref="StorageUnavailableException">It is no connection string.</exception>
    public static IServiceCollection AddHeadStorage(this IServiceCollection services, string? connectionString)
    {
        services.TryAddSingleton(TimeProvider.System);
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            services.AddSingleton<ILeaseStore, InMemoryLeaseStore>();
            return services.AddSingleton<IMemberStore, InMemoryMemberStore>();
        }

        services.AddDatabase(connectionString);
        services.AddSingleton<ILeaseStore, PostgresLeaseStore>();
        return services.AddSingleton<IMemberStore, PostgresMemberStore>();
    }

    /// <summary>The operator over whatever stores there are, for a process that is asked for sandboxes. Needs an
    /// <see cref="IPlacement"/> from the project that knows where they can run.</summary>
    public static IServiceCollection AddSandboxOperator(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<OperatorOptions, OperatorOptionsValidator>().BindConfiguration(OperatorOptions.Section);
        services.AddSingleton(provider => Value<OperatorOptions>(provider));
        services.AddSingleton<TransitionWriter>().AddSingleton<SandboxWaits>().AddSingleton<CommitRequests>();
        return services.AddSingleton<ISandboxOperator, ClusterOperator>();
    }

    /// <summary>Whether other processes see the leases of this store, too.</summary>
    public static bool IsShared(ILeaseStore leases) => leases is not InMemoryLeaseStore;

    private static void AddDatabase(this IServiceCollection services, string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            throw new StorageUnavailableException("is missing; give the connection string of the cluster's Postgres");
        }

        try
        {
            var own = new NpgsqlDataSourceBuilder(connectionString);
            Prepare(own);
            services.TryAddSingleton(_ => own.Build());
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidOperationException)
        {
            // What it says may quote the text, and with it the password.
            throw new StorageUnavailableException("is no connection string of Postgres (Host=…;Username=…;Password=…;Database=…)");
        }

        services.AddSingleton(
            static provider => new PostgresDatabase(provider.GetRequiredService<NpgsqlDataSource>(), TimeProvider.System));
        services.AddHostedService<PostgresStart>();
    }

    /// <summary>Live entries and wake-ups in this process.</summary>
    private static IServiceCollection AddLocalLive(this IServiceCollection services)
    {
        services.AddSingleton<ILiveStore, InMemoryLiveStore>();
        return services.AddSingleton<IChangeFeed, InMemoryChangeFeed>();
    }

    /// <summary>The stores as all other code sees them: with their live entries and wake-ups.</summary>
    private static IServiceCollection AddAnnounced(
        this IServiceCollection services, Func<IServiceProvider, IRecordStore> records, Func<IServiceProvider, IJobStore> jobs)
    {
        services.AddMetrics().AddLogging();
        services.AddSingleton<LiveCache>().AddSingleton<StorageTelemetry>();
        services.AddSingleton(provider => new UnfencedRecords(new LiveSandboxStore(
            new EncryptedRecordStore(records(provider), provider.GetRequiredService<RecordEncryption>()),
            provider.GetRequiredService<LiveCache>(), provider.GetRequiredService<IChangeFeed>(),
            provider.GetRequiredService<StorageTelemetry>())));
        services.AddSingleton(provider => provider.GetRequiredService<UnfencedRecords>().Store);
        return services.AddSingleton<IJobStore>(provider => new AnnouncingJobStore(
            new EncryptedJobStore(jobs(provider), provider.GetRequiredService<RecordEncryption>()),
            provider.GetRequiredService<IChangeFeed>()));
    }

    /// <summary>Needs a <see cref="FieldCipher"/>.</summary>
    private static IServiceCollection AddEncryption(this IServiceCollection services, Func<IServiceProvider, ICommitStore> commits) =>
        services.AddSingleton<RecordEncryption>().AddSingleton<ICommitStore>(
            provider => new EncryptedCommitStore(commits(provider), provider.GetRequiredService<RecordEncryption>()));

    /// <summary>In the same file as those of the command line that works on this data folder without a server.</summary>
    private static IServiceCollection AddStandaloneRollouts(this IServiceCollection services, string dataFolder)
    {
        services.AddRolloutOptions().PostConfigure<RolloutOptions>(options =>
            options.StateFolder = options.StateFolder.Length > 0 ? options.StateFolder : Path.Combine(dataFolder, "rollout"));
        services.AddSingleton(provider => RolloutStores.OpenAll(
            StateFolder.Open(Value<RolloutOptions>(provider).StateFolder).Database, provider.GetRequiredService<IChangeFeed>()));
        return services.AddSingleton(provider => provider.GetRequiredService<RolloutStoreSet>().Rollouts)
            .AddSingleton(provider => provider.GetRequiredService<RolloutStoreSet>().History);
    }

    private static IServiceCollection AddRolloutOptions(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<RolloutOptions, RolloutOptionsValidator>().BindConfiguration(RolloutOptions.Section);
        return services;
    }

    private static IServiceCollection AddTenants(this IServiceCollection services, Func<IServiceProvider, ITenantStore> tenants) =>
        services.AddSingleton<ITenantStore>(
            provider => new AnnouncingTenantStore(tenants(provider), provider.GetRequiredService<IChangeFeed>()));

    /// <summary>The policies by which records change, and the manager that prepares their configurations.</summary>
    private static IServiceCollection AddPolicies(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<SpecLimits, SpecLimitsValidator>().BindConfiguration(SpecLimits.Section);
        services.AddOptionsWithValidateOnStart<LifecycleOptions, LifecycleOptionsValidator>().BindConfiguration(LifecycleOptions.Section);
        services.AddOptionsWithValidateOnStart<SecurityPolicy, SecurityPolicyValidator>().BindConfiguration(SecurityPolicy.Section);
        services.AddOptionsWithValidateOnStart<ImagePolicy, ImagePolicyValidator>().BindConfiguration(ImagePolicy.Section);
        services.AddOptionsWithValidateOnStart<StartOptions, StartOptionsValidator>().BindConfiguration(StartOptions.Section);
        services.AddSingleton(typeof(CurrentOptions<>)).AddLogging();
        services.AddOptionsWithValidateOnStart<ArchiveOptions, ArchiveOptionsValidator>().BindConfiguration(ArchiveOptions.Section);
        services.AddSingleton<IArchiveStore>(provider => Value<ArchiveOptions>(provider).Store switch
        {
            "folder" => ActivatorUtilities.CreateInstance<FolderArchiveStore>(provider),
            "s3" => ActivatorUtilities.CreateInstance<S3ArchiveStore>(provider),
            _ => new NoArchiveStore(),
        });
        services.AddSingleton<SandboxTransitions>();
        services.AddSingleton(provider =>
            new AutoPolicy(Current<LifecycleOptions>(provider), Value<ArchiveOptions>(provider).IsConfigured));
        return services.AddSingleton(MakeDeploymentManager);
    }

    private static DeploymentManager MakeDeploymentManager(IServiceProvider provider)
    {
        var (limits, lifecycle, start) =
            (Current<SpecLimits>(provider), Current<LifecycleOptions>(provider), Current<StartOptions>(provider));
        var (security, auto) = (Value<SecurityPolicy>(provider), provider.GetRequiredService<AutoPolicy>());
        return new DeploymentManager(() => new StartPolicies(limits(), security, lifecycle(), auto, start()));
    }

    /// <summary>As the configuration says at the time of the call.</summary>
    private static Func<T> Current<T>(IServiceProvider provider)
        where T : class
    {
        var current = provider.GetRequiredService<CurrentOptions<T>>();
        return () => current.Value;
    }

    private static T Value<T>(IServiceProvider provider)
        where T : class => provider.GetRequiredService<IOptions<T>>().Value;
}

/// <summary>The records as the store has them, for the code that puts a fence around them; all other code asks for
/// <see cref="ISandboxStore"/>.</summary>
public sealed record UnfencedRecords(ISandboxStore Store);
