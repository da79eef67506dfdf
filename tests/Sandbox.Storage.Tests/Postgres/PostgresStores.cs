using Sandbox.Domain.Stores;
using Sandbox.Rollout;
using Sandbox.Rollout.Stores;
using Sandbox.Storage.Encryption;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Postgres;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.Postgres;

/// <summary>The stores on a database of a test's own, which is told the test's time before each use.</summary>
internal sealed class PostgresStores(PostgresTestDatabase database, TimeProvider time) : ITestedStores
{
    private readonly InMemoryChangeFeed _feed = new();
    private EncryptedJobStore? _jobs;
    private EncryptedRecordStore? _records;

    // One as long as the process lives: it gathers what is written at the same time.
    public ISandboxStore Records
    {
        get
        {
            var at = database.At(time);
            return LazyInitializer.EnsureInitialized(
                ref _records, () => new EncryptedRecordStore(new PostgresSandboxStore(at), Given.Encryption));
        }
    }

    // One as long as the process lives: it remembers which tenant is next.
    public IJobStore Jobs
    {
        get
        {
            var at = database.At(time);
            return LazyInitializer.EnsureInitialized(ref _jobs, () => new EncryptedJobStore(new PostgresJobStore(at), Given.Encryption));
        }
    }

    public ICommitStore Commits => new EncryptedCommitStore(new PostgresCommitStore(database.At(time)), Given.Encryption);

    public ILeaseStore Leases => new PostgresLeaseStore(database.At(time));

    public INodeStore Nodes => new PostgresNodeStore(database.At(time));

    public ITenantStore Tenants => new PostgresTenantStore(database.At(time));

    public IModelStore Models => new PostgresModelStore(database.At(time), Given.Cipher);

    public IEnvironmentStore Environments => new PostgresEnvironmentStore(database.Database);

    public IModelUsageStore ModelUsage => new PostgresModelUsageStore(database.At(time));

    public IRolloutStore Rollouts => new PostgresRolloutStore(database.Database, _feed);

    public RolloutHistoryStores History => new(
        new PostgresDeploymentStore(database.Database, _feed), new PostgresScheduleStore(database.Database, _feed),
        new PostgresWebhookStore(database.Database, _feed, Given.Cipher));

    public static async ValueTask<ITestedStores> OpenAsync(TimeProvider time) =>
        new PostgresStores(await PostgresTestDatabase.NewAsync(), time);

    public async ValueTask ExecuteAsync(string statement) => await database.Database.WriteAsync(
        connection => Sql.ExecuteAsync(connection, Sql.Statement(statement), CancellationToken.None), CancellationToken.None);

    public async ValueTask<long> CountAsync(string table) => await database.Database.RepeatableAsync(
        connection => Sql.ScalarAsync<long>(connection, Sql.Statement($"SELECT count(*) FROM {table}"), CancellationToken.None),
        CancellationToken.None);

    public async ValueTask ReopenAsync()
    {
        await database.ReopenAsync();
        _jobs = null;
        _records = null;
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
