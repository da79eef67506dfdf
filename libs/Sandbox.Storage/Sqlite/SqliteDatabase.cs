using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Sandbox.Storage.Sqlite;

/// <summary>
/// One file in WAL mode: SQLite has one writer at a time, so there is one writing connection and a queue before it, and as
/// many readers as are needed, each with a snapshot of its own. Every write is one transaction.
/// </summary>
internal sealed class SqliteDatabase : IDisposable
{
    // Only another process on the same file can make us wait here: our own writers queue before the connection.
    private const int BusyMilliseconds = 5000;

    // Each has a page cache of its own.
    private const int SpareReaders = 4;

    private readonly string _connectionString;
    private readonly SqliteConnection _writer;
    private readonly SemaphoreSlim _writeLock = new(1, 1);
    private readonly ConcurrentQueue<SqliteConnection> _readers = [];
    private int _isDisposed;

    private SqliteDatabase(string path)
    {
        _connectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Pooling = false,
            DefaultTimeout = BusyMilliseconds / 1000,
        }.ToString();
        _writer = Connect();
    }

    /// <summary>Opens the file, creates it for this user only when it is missing, and migrates it.</summary>
    /// <exception cref="SchemaTooNewException">The file was written by a newer program.</exception>
    public static SqliteDatabase Open(string path)
    {
        EnsurePrivateFile(path);
        var database = new SqliteDatabase(path);
        try
        {
            SqliteMigrations.Apply(database._writer);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Runs <paramref name="work"/> alone in a transaction and commits it; what it throws rolls back.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        await _writeLock.WaitAsync(cancellationToken);
        try
        {
            using var transaction = _writer.BeginTransaction(deferred: false);
            var result = work(_writer);
            transaction.Commit();
            return result;
        }
        finally
        {
            _writeLock.Release();
        }
    }

    /// <summary>Runs <paramref name="work"/> on a reading connection, beside any writer.</summary>
    public T Read<T>(Func<SqliteConnection, T> work)
    {
        var reader = _readers.TryDequeue(out var spare) ? spare : ConnectReader();
        try
        {
            return work(reader);
        }
        finally
        {
            Return(reader);
        }
    }

    /// <summary>What is being written is written first: a host that cannot start is disposed while its services still work.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        _writeLock.Wait();
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }

        _writer.Dispose();
        _writeLock.Release();
        _writeLock.Dispose();
    }

    private static void EnsurePrivateFile(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            // SQLite gives the files beside it (-wal, -shm) the same mode.
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
    }

    private void Return(SqliteConnection reader)
    {
        if (_readers.Count < SpareReaders)
        {
            _readers.Enqueue(reader);
        }
        else
        {
            reader.Dispose();
        }
    }

    private SqliteConnection ConnectReader()
    {
        var reader = Connect();
        Sql.Execute(reader, "PRAGMA query_only = ON");
        return reader;
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();

        // FULL: an acknowledged operation also survives a power cut. Measured, a create and a transition take twice as long with it
        // as with NORMAL, a quarter of a millisecond for each commit. secure_delete: a job may have held a registry password.
        Sql.Execute(connection, $"""
            PRAGMA busy_timeout = {BusyMilliseconds};
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA secure_delete = ON;
            PRAGMA journal_size_limit = 16777216;
            """);
        return connection;
    }
}
