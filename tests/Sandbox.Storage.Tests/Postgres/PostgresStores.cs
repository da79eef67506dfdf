using Sandbox.Domain.Stores;
using Sandbox.Storage.Postgres;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.Postgres;

/// <summary>The stores on a database of a test's own, which is told the test's time before each use.</summary>
internal sealed class PostgresStores(PostgresTestDatabase database, TimeProvider time) : ITestedStores
{
    private PostgresJobStore? _jobs;
    private PostgresSandboxStore? _records;

    // One as long as the process lives: it gathers what is written at the same time.
    public ISandboxStore Records
    {
        get
        {
            var at = database.At(time);
            return LazyInitializer.EnsureInitialized(ref _records, () => new PostgresSandboxStore(at));
        }
    }

    // One as long as the process lives: it remembers which tenant is next.
    public IJobStore Jobs
    {
        get
        {
            var at = database.At(time);
            return LazyInitializer.EnsureInitialized(ref _jobs, () => new PostgresJobStore(at));
        }
    }

    public ICommitStore Commits => new PostgresCommitStore(database.At(time));

    public ILeaseStore Leases => new PostgresLeaseStore(database.At(time));

    public INodeStore Nodes => new PostgresNodeStore(database.At(time));

    public ITenantStore Tenants => new PostgresTenantStore(database.At(time));

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
