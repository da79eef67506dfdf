using System.Diagnostics;
using Npgsql;

namespace Sandbox.Storage.Postgres;

/// <summary>
/// A pool of connections to one database. Statements that are used again are prepared by themselves. Several processes share
/// the database; what orders them is its row locks and nothing here.
/// </summary>
internal sealed class PostgresDatabase : IAsyncDisposable, IDisposable
{
    // A server that restarts refuses connections for a moment.
    private static readonly TimeSpan[] Pauses = [.. new[] { 20, 100, 400, 1000 }.Select(pause => TimeSpan.FromMilliseconds(pause))];

    // One that recovers from a crash, or whose standby is promoted, says so and is waited for when a process starts.
    private static readonly TimeSpan RecoveryPatience = TimeSpan.FromSeconds(60);

    // Every statement of ours has its index, whatever its parameters are: a plan is made once for each connection, which may be
    // while a table is nearly empty, and a look at the whole of it would be kept when it has grown, or is full of rows that are
    // gone. And a process that falls asleep in a transaction loses the locks that it holds.
    private const string Settings =
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; " +
        "SET idle_in_transaction_session_timeout = '10s'";

    private const int UrgentAtOnce = 3;

    /// <summary>Far more than a statement takes. The driver gives a connection that hangs up after half a minute, by which time a node that
    /// could not renew its lease would be gone.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _source;
    private readonly TimeProvider _time;

    /// <param name="source">As <see cref="Prepare(NpgsqlDataSourceBuilder)"/> made it.</param>
    public PostgresDatabase(NpgsqlDataSource source, TimeProvider time) => (_source, _time) = (source, time);

    /// <summary>By which it waits.</summary>
    public TimeProvider Time => _time;

    /// <summary>Nothing is connected yet.</summary>
    /// <exception cref="ArgumentException">The text is no connection string.</exception>
    public static PostgresDatabase Of(string connectionString, TimeProvider time)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        Prepare(builder);
        return new PostgresDatabase(builder.Build(), time);
    }

    /// <summary>What everything here relies on, whichever code makes the pool.</summary>
    public static void Prepare(NpgsqlDataSourceBuilder builder)
    {
        var settings = builder.ConnectionStringBuilder;
        settings.ApplicationName ??= "sandbox";
        settings.MaxAutoPrepare = 100;
        settings.AutoPrepareMinUsages = 2;
        // No statement of ours changes a connection's settings, so there is nothing to reset between two users of it.
        settings.NoResetOnClose = true;
        // A schema of another version, or a notice, never shows parameters in a log.
        settings.IncludeErrorDetail = false;
        // Stands in the driver's metrics, where otherwise the connection string would.
        builder.Name = "sandbox";
        builder.UsePhysicalConnectionInitializer(Prepare, PrepareAsync);
        // What a process asks from time to time by itself belongs to no trace, and begins none.
        builder.ConfigureTracing(static tracing => tracing
            .ConfigureCommandFilter(static _ => Activity.Current is not null)
            .ConfigureBatchFilter(static _ => Activity.Current is not null));
    }

    /// <summary>Connects and brings the schema to the newest version. A server that is still recovering is waited for, up to a
    /// minute.</summary>
    /// <exception cref="SchemaTooNewException">The database was written by a newer program.</exception>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        var begun = _time.GetTimestamp();
        while (true)
        {
            try
            {
                await RepeatAsync(
                    async () =>
                    {
                        await PostgresMigrations.ApplyAsync(_source, cancellationToken);
                        return true;
                    },
                    failure => failure.IsTransient,
                    cancellationToken);
                return;
            }
            catch (PostgresException failure) when (
                failure.SqlState is PostgresErrorCodes.CannotConnectNow && _time.GetElapsedTime(begun) < RecoveryPatience)
            {
                // It will accept connections.
            }
        }
    }

    /// <summary>A connection of the caller's own, for listening or for a transaction of several steps.</summary>
    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => _source.OpenConnectionAsync(cancellationToken);

    /// <summary>Runs what may run twice: a read, or a write that changes nothing the second time and answers the same. A
    /// connection that broke under it is not seen by the caller.</summary>
    public Task<T> RepeatableAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) =>
        RepeatAsync(() => RunAsync(work, cancellationToken), failure => failure.IsTransient, cancellationToken);

    /// <summary>The same of what may also be under way twice at once, and late: while one does not answer, another begins beside it on
    /// another connection, and the first answer counts.</summary>
    public async Task<T> UrgentAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        var tries = new List<Task<T>>();
        while (true)
        {
            tries.Add(RepeatableAsync(work, cancellationToken));
            var first = Task.WhenAny(tries);
            try
            {
                return await await (tries.Count < UrgentAtOnce ? first.WaitAsync(Patience, _time, cancellationToken) : first);
            }
            catch (TimeoutException) when (!first.IsCompleted)
            {
                // Another, then.
            }
        }
    }

    /// <summary>Runs a write in one statement or one batch (which is one transaction by itself). It is run again only when the
    /// server said that nothing of it was done; a broken connection is the caller's to judge, for the write may be done.</summary>
    public Task<T> WriteAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) =>
        RepeatAsync(() => RunAsync(work, cancellationToken), WasRolledBack, cancellationToken);

    /// <summary>The same in a transaction of several steps; what <paramref name="work"/> throws rolls back.</summary>
    public Task<T> TransactAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken) =>
        WriteAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                var result = await work(connection);
                await transaction.CommitAsync(cancellationToken);
                return result;
            },
            cancellationToken);

    public void Dispose() => _source.Dispose();

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static void Prepare(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(Settings, connection);
        command.ExecuteNonQuery();
    }

    private static async Task PrepareAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Settings, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static bool WasRolledBack(NpgsqlException failure) => failure is PostgresException
    {
        SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections,
    };

    private async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        try
        {
            return await work(connection);
        }
        catch (PostgresException failure) when (!failure.IsTransient && connection.FullState is System.Data.ConnectionState.Open)
        {
            // A statement that was refused while it was being prepared is half known to both sides, and its next user would pay for it.
            connection.UnprepareAll();
            throw;
        }
    }

    private async Task<T> RepeatAsync<T>(Func<Task<T>> run, Func<NpgsqlException, bool> mayRepeat, CancellationToken cancellationToken)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await run();
            }
            catch (NpgsqlException failure) when (tries < Pauses.Length && mayRepeat(failure))
            {
                await Task.Delay(Pauses[tries], _time, cancellationToken);
            }
        }
    }
}
