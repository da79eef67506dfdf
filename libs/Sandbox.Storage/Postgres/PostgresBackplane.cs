using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sandbox.Storage.Feeds;

namespace Sandbox.Storage.Postgres;

/// <summary>
/// Wake-ups by <c>NOTIFY</c>. A notification takes a lock of the whole server while its transaction commits, so it is never
/// sent in a transaction that writes records: one statement of its own says what the feed collected meanwhile. Listening has
/// a connection to itself.
/// </summary>
internal sealed partial class PostgresBackplane(PostgresDatabase database, TimeProvider time, ILogger<PostgresBackplane> logger)
    : IChangeBackplane
{
    // A line that says nothing for so long is asked whether it is there.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _listening = Task.CompletedTask;

    /// <summary>Completes when it listens for the first time.</summary>
    internal Task Listening => _first.Task;

    public void Listen(Action<string> heard, Action missed) => _listening = Task.Run(() => ListenForEverAsync(heard, missed));

    public async Task<bool> TrySendAsync(string message, CancellationToken cancellationToken)
    {
        try
        {
            // Said twice it does no harm.
            return await database.RepeatableAsync(
                async connection =>
                {
                    await using var command = new NpgsqlCommand("SELECT pg_notify('sandbox_changes', $1)", connection)
                    {
                        Parameters = { new() { Value = message } },
                        CommandTimeout = (int)Quiet.TotalSeconds,
                    };
                    await command.ExecuteNonQueryAsync(cancellationToken);
                    return true;
                },
                cancellationToken);
        }
        catch (Exception exception) when (IsTrouble(exception))
        {
            Log.NotSent(logger, exception.GetType().Name);
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _listening;
        _ended.Dispose();
    }

    private static bool IsTrouble(Exception exception) =>
        exception is NpgsqlException or SocketException or TimeoutException or IOException;

    private async Task ListenForEverAsync(Action<string> heard, Action missed)
    {
        try
        {
            while (true)
            {
                await ListenAsync(heard, missed);
                missed();
                await Task.Delay(Pause, time, _ended.Token);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The process ends.
        }
    }

    /// <summary>Ends when the line is lost.</summary>
    private async Task ListenAsync(Action<string> heard, Action missed)
    {
        try
        {
            await using var connection = await database.ConnectAsync(_ended.Token);
            connection.Notification += (_, notification) => heard(notification.Payload);
            await ExecuteAsync(connection, "LISTEN sandbox_changes");
            try
            {
                missed();
                _first.TrySetResult();
                while (true)
                {
                    if (!await connection.WaitAsync(Quiet, _ended.Token))
                    {
                        await ExecuteAsync(connection, "SELECT 1");
                    }
                }
            }
            finally
            {
                // The connection goes back to a pool whose users must not pay for its listening.
                await StopListeningAsync(connection);
            }
        }
        catch (Exception exception) when (IsTrouble(exception))
        {
            Log.Lost(logger, exception.GetType().Name, Pause);
        }
    }

    private static async Task StopListeningAsync(NpgsqlConnection connection)
    {
        if (connection.FullState is System.Data.ConnectionState.Open)
        {
            await using var command = new NpgsqlCommand("UNLISTEN *", connection);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    private async Task ExecuteAsync(NpgsqlConnection connection, string constant)
    {
#pragma warning disable CA2100 // Constants above.
        await using var command = new NpgsqlCommand(constant, connection) { CommandTimeout = (int)Quiet.TotalSeconds };
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(_ended.Token);
    }

    private static partial class Log
    {
        [LoggerMessage(2031, LogLevel.Information, "Wake-ups through Postgres do not arrive ({Cause}), next try in {Delay}")]
        public static partial void Lost(ILogger logger, string cause, TimeSpan delay);

        [LoggerMessage(2032, LogLevel.Debug, "A wake-up could not be sent through Postgres ({Cause})")]
        public static partial void NotSent(ILogger logger, string cause);
    }
}
