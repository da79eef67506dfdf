using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;
using Sandbox.Rollout;
using Sandbox.Rollout.Stores;
using Sandbox.Storage.Encryption;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Sqlite;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Testing;

namespace Sandbox.Storage.Tests.Sqlite;

/// <summary>A file of its own for each test.</summary>
internal sealed class SqliteFile : ITestedStores
{
    private readonly TempFolder _folder = new();
    private readonly InMemoryChangeFeed _feed = new();
    private readonly TimeProvider _time;

    private SqliteFile(TimeProvider time)
    {
        _time = time;
        Database = SqliteDatabase.Open(Path);
        Jobs = new EncryptedJobStore(new SqliteJobStore(Database, time), Given.Encryption);
    }

    public string Path => _folder.File("sandboxes.db");

    public SqliteDatabase Database { get; private set; }

    public IRecordStore Records => new EncryptedRecordStore(new SqliteSandboxStore(Database, _time), Given.Encryption);

    ISandboxStore ITestedStores.Records => Records;

    public IJobStore Jobs { get; private set; }

    public ILeaseStore Leases => new SqliteLeaseStore(Database, _time);

    public INodeStore Nodes => new SqliteNodeStore(Database, _time);

    public ITenantStore Tenants => new SqliteTenantStore(Database, _time);

    public IModelStore Models => new SqliteModelStore(Database, Given.Cipher);

    public IEnvironmentStore Environments => new SqliteEnvironmentStore(Database);

    public IModelUsageStore ModelUsage => new SqliteModelUsageStore(Database, _time);

    public IRolloutStore Rollouts => new SqliteRolloutStore(Database, _feed);

    public RolloutHistoryStores History => new(
        new SqliteDeploymentStore(Database, _feed), new SqliteScheduleStore(Database, _feed),
        new SqliteWebhookStore(Database, _feed, Given.Cipher));

    public ICommitStore Commits => new EncryptedCommitStore(new SqliteCommitStore(Database, _time), Given.Encryption);

    public static ValueTask<ITestedStores> OpenAsync(TimeProvider time) => ValueTask.FromResult<ITestedStores>(new SqliteFile(time));

    public static SqliteFile Open(TimeProvider time) => new(time);

    public ValueTask ReopenAsync()
    {
        Database.Dispose();
        Database = SqliteDatabase.Open(Path);
        Jobs = new EncryptedJobStore(new SqliteJobStore(Database, _time), Given.Encryption);
        return ValueTask.CompletedTask;
    }

    public ValueTask ExecuteAsync(string statement)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false }.ToString());
        connection.Open();
        Sql.Execute(connection, statement);
        return ValueTask.CompletedTask;
    }

    public ValueTask<long> CountAsync(string table) => ValueTask.FromResult(Database.Read(connection =>
    {
        using var command = Sql.Command(connection, $"SELECT count(*) FROM {table}");
        return (long)command.ExecuteScalar()!;
    }));

    public ValueTask DisposeAsync()
    {
        Database.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
