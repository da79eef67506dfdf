using System.Globalization;
using Microsoft.Data.Sqlite;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Sqlite;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Testing;

namespace Sandbox.Storage.Tests.Sqlite;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string File => _folder.File("sandboxes.db");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_OfANewFile_IsForThisUserOnly()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are a Unix matter");
        using var database = SqliteDatabase.Open(File);

        Assert.All(Directory.GetFiles(_folder.Path), file => Assert.Equal("Owner can read, owner can write", Mode(file)));

        static string Mode(string file) => OperatingSystem.IsWindows() ? "" : System.IO.File.GetUnixFileMode(file) switch
        {
            UnixFileMode.UserRead | UnixFileMode.UserWrite => "Owner can read, owner can write",
            var other => other.ToString(),
        };
    }

    [Fact]
    public void Open_Twice_MigratesOnce()
    {
        SqliteDatabase.Open(File).Dispose();
        using var database = SqliteDatabase.Open(File);

        Assert.Equal(SqliteMigrations.Newest, database.Read(connection => Scalar(connection, "PRAGMA user_version")));
    }

    [Fact]
    public async Task Dispose_WhileAWriteIsUnderWay_WaitsForItsEnd()
    {
        var database = SqliteDatabase.Open(File);
        using var begun = new ManualResetEventSlim();
        using var goesOn = new ManualResetEventSlim();
        var writing = Task.Run(
            () => database.WriteAsync(
                connection =>
                {
                    begun.Set();
                    goesOn.Wait(CancellationToken);
                    return Scalar(connection, "SELECT 7");
                },
                CancellationToken),
            CancellationToken);
        begun.Wait(CancellationToken);
        Exception? failure = null;
        var disposing = new Thread(() => failure = Record.Exception(database.Dispose));
        disposing.Start();

        // It waits, or it has not waited and is over.
        SpinWait.SpinUntil(() => (disposing.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0);
        goesOn.Set();

        Assert.Equal(7L, await writing);
        disposing.Join();
        Assert.Null(failure);
    }

    [Fact]
    public void Open_WaitsForNobodyAndSyncsEveryCommit()
    {
        using var database = SqliteDatabase.Open(File);

        Assert.Equal(
            ("wal", 2L), database.Read(connection => (Text(connection, "PRAGMA journal_mode"), Scalar(connection, "PRAGMA synchronous"))));
    }

    [Fact]
    public void Open_OfAFileOfANewerProgram_IsRefusedAndChangesNothing()
    {
        SqliteDatabase.Open(File).Dispose();
        Run("PRAGMA user_version = 99");

        var error = Assert.Throws<SchemaTooNewException>(() => SqliteDatabase.Open(File));

        Assert.Contains(
            $"has schema 99, this program knows schemas up to {SqliteMigrations.Newest}", error.Message, StringComparison.Ordinal);
        Assert.Equal(99, Run("PRAGMA user_version"));
    }

    [Fact]
    public void Migrations_AreNumberedWithoutGaps()
    {
        var numbers = typeof(SqliteMigrations).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("sqlite/", StringComparison.Ordinal))
            .Select(name => int.Parse(name.AsSpan("sqlite/".Length, 4), CultureInfo.InvariantCulture))
            .Order();

        Assert.Equal(Enumerable.Range(1, SqliteMigrations.Newest), numbers);
    }

    [Fact]
    public async Task Write_ThatThrows_LeavesNothing()
    {
        using var database = SqliteDatabase.Open(File);

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsync<int>(
            connection =>
            {
                SandboxRows.Insert(connection, Given.Pending("half"));
                throw new InvalidOperationException("the disk is full");
            },
            CancellationToken));

        Assert.Null(await new SqliteSandboxStore(database, TimeProvider.System).FindAsync(Given.Pending("half").Id, CancellationToken));
    }

    [Fact]
    public async Task Write_ThatWasNotCommittedWhenTheProcessDied_LeavesNothing()
    {
        using var copies = new TempFolder();
        using (var database = SqliteDatabase.Open(File))
        {
            var store = new SqliteSandboxStore(database, TimeProvider.System);
            var whole = Given.Pending("whole");
            await store.TryCreateAsync(whole, Given.StartOf(whole), CancellationToken);
            await database.WriteAsync(
                connection =>
                {
                    SandboxRows.Insert(connection, Given.Pending("half"));
                    // What a kill at this moment would leave on the disk.
                    Directory.GetFiles(_folder.Path).ToList()
                        .ForEach(file => System.IO.File.Copy(file, copies.File(Path.GetFileName(file))));
                    return 0;
                },
                CancellationToken);
        }

        using var reopened = SqliteDatabase.Open(copies.File("sandboxes.db"));
        var after = new SqliteSandboxStore(reopened, TimeProvider.System);

        Assert.NotNull(await after.FindAsync(Given.Pending("whole").Id, CancellationToken));
        Assert.Null(await after.FindAsync(Given.Pending("half").Id, CancellationToken));
        Assert.Single(
            await new SqliteJobStore(reopened, TimeProvider.System)
            .ClaimAsync(new JobClaim("n", 10, TimeSpan.FromSeconds(1)), CancellationToken));
    }

    [Fact]
    public async Task Find_OfARecordWithoutASpec_RebuildsItFromTheFlatFields()
    {
        var record = Given.Pending() with { Spec = Given.Spec with { Image = "alpine", Cpus = 3, DiskBytes = 1L << 30 } };
        using var database = SqliteDatabase.Open(File);
        var store = new SqliteSandboxStore(database, TimeProvider.System);
        await store.TryCreateAsync(record, Given.StartOf(record), CancellationToken);
        Run("UPDATE sandboxes SET spec = NULL");

        var spec = (await store.FindAsync(record.Id, CancellationToken))!.Spec;

        Assert.Equal(("alpine", 3.0, 1L << 30, 1L << 30), (spec.Image, spec.Cpus, spec.MemoryBytes, spec.DiskBytes));
        Assert.Equal((TimeSpan.FromMinutes(10), false), (spec.StartupTimeout, spec.RemoveContainer));
    }

    [Theory]
    [InlineData("", "sandboxes_live ")]
    [InlineData("user_id", "sandboxes_live_user ")]
    public async Task List_OfLiveSandboxes_WalksAnIndexInOrder(string filter, string index)
    {
        using var database = SqliteDatabase.Open(File);
        var store = new SqliteSandboxStore(database, TimeProvider.System);
        var record = Given.Pending();
        await store.TryCreateAsync(record, Given.StartOf(record), CancellationToken);
        var where = filter.Length == 0 ? "" : $"AND {filter} = 'default'";

        var plan = database.Read(connection => Plan(
            connection, $"SELECT * FROM sandboxes WHERE state IN ('pending', 'running') {where} ORDER BY created_at DESC, id LIMIT 50"));

        Assert.Contains($"USING INDEX {index}", plan + " ", StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    [Fact]
    public void DueScan_ReadsItsIndex()
    {
        using var database = SqliteDatabase.Open(File);

        var plan = database.Read(connection => Plan(connection, "SELECT * FROM sandboxes WHERE due_at <= 5 ORDER BY due_at LIMIT 10"));

        Assert.Contains("sandboxes_due", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoProcesses_OnOneFile_TakeTurns()
    {
        using var one = SqliteDatabase.Open(File);
        using var other = SqliteDatabase.Open(File);
        ISandboxStore[] stores = [new SqliteSandboxStore(one, TimeProvider.System), new SqliteSandboxStore(other, TimeProvider.System)];
        var read = Given.Pending();
        await stores[0].TryCreateAsync(read, Given.StartOf(read), CancellationToken);

        var moved = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            stores[i % 2].TryTransitionAsync(new SandboxTransition(read, read.Apply(SandboxEvent.Alive), null), CancellationToken))));

        Assert.Single(moved, won => won);
    }

    private static string Plan(SqliteConnection connection, string query)
    {
        using var command = Sql.Command(connection, $"EXPLAIN QUERY PLAN {query}");
        using var row = command.ExecuteReader();
        var lines = new List<string>();
        while (row.Read())
        {
            lines.Add(row.GetString(3));
        }

        return string.Join('\n', lines);
    }

    private static long Scalar(SqliteConnection connection, string query)
    {
        using var command = Sql.Command(connection, query);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static string? Text(SqliteConnection connection, string query)
    {
        using var command = Sql.Command(connection, query);
        return command.ExecuteScalar() as string;
    }

    private long Run(string text)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = File, Pooling = false }.ToString());
        connection.Open();
        return Scalar(connection, text);
    }
}
