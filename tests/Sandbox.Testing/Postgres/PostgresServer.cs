using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Npgsql;
using Sandbox.Testing.Clusters;
using Xunit;

namespace Sandbox.Testing.Postgres;

/// <summary>
/// A throw-away Postgres on a Unix socket in a folder of its own. One is shared by all tests of a program
/// (<see cref="SharedAsync"/>) and ended with it; a test that restarts or kills its server starts another.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> OfThisProgram = new(StartSharedAsync);

    private readonly string _folder;
    private readonly bool _syncs;
    private readonly ConcurrentDictionary<string, Lazy<Task>> _templates = [];
    private ConcurrentQueue<string> _said = [];
    private Process? _server;
    private int _databases;

    private PostgresServer(string folder, bool syncs) => (_folder, _syncs) = (folder, syncs);

    /// <summary>Of the server; it takes signals.</summary>
    public int ProcessId => _server?.Id ?? throw new InvalidOperationException("The server does not run.");

    private string Data => Path.Combine(_folder, "data");

    /// <summary>The server of this program, started by the first who asks. Skips the test where Postgres is missing.</summary>
    public static Task<PostgresServer> SharedAsync()
    {
        Assert.SkipWhen(PostgresPrograms.WhyMissing is not null, PostgresPrograms.WhyMissing ?? "");
        return OfThisProgram.Value;
    }

    /// <param name="syncs">False: commits do not wait for the disk, for tests that have many and kill nothing.</param>
    public static async Task<PostgresServer> StartAsync(bool syncs = true)
    {
        Assert.SkipWhen(PostgresPrograms.WhyMissing is not null, PostgresPrograms.WhyMissing ?? "");
        var server = new PostgresServer(Directory.CreateTempSubdirectory("sbpg").FullName, syncs);
        await server.MakeAsync();
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>A connection string for a database of this name, which may not be there.</summary>
    public string ConnectionString(string database) =>
        $"Host={_folder};Username=sandbox;Database={database};Maximum Pool Size=20;Timeout=10";

    /// <summary>A new, empty database; its connection string.</summary>
    public Task<string> NewDatabaseAsync() => CloneAsync("template1");

    /// <summary>A new database that begins as <paramref name="migrate"/> left the template, which is made once.</summary>
    public async Task<string> NewDatabaseAsync(string template, Func<string, Task> migrate)
    {
        await _templates.GetOrAdd(template, name => new Lazy<Task>(async () =>
        {
            await ExecuteAsync("postgres", $"CREATE DATABASE {name}");
            await migrate(ConnectionString(name) + ";Pooling=false");
        })).Value;
        return await CloneAsync(template);
    }

    /// <summary>Runs a statement in a database.</summary>
    public async Task ExecuteAsync(string database, string statement)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
#pragma warning disable CA2100 // The tests' own words.
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>All databases as text.</summary>
    public Task<string> DumpAsync() => RunAsync(PostgresPrograms.Of("pg_dumpall", ["-h", _folder, "-U", "sandbox"]));

    /// <summary>Which of its files has which of the texts; its log of all writes is among them, and what was overwritten since.</summary>
    public IEnumerable<(string File, string Text)> FilesWith(IReadOnlyCollection<string> texts)
    {
        var searched = texts.Select(text => (Text: text, Bytes: Encoding.UTF8.GetBytes(text))).ToList();
        foreach (var file in Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories))
        {
            var content = ReadShared(file);
            foreach (var (text, bytes) in searched)
            {
                if (content.AsSpan().IndexOf(bytes) >= 0)
                {
                    yield return (Path.GetRelativePath(Data, file), text);
                }
            }
        }
    }

    /// <summary>Starts it on the data that it had.</summary>
    public async Task StartAgainAsync()
    {
        Begin([]);
        await SaysAsync("ready to accept connections");
    }

    /// <summary>The same, but it goes on recovering (as long as it is told to), and refuses every connection with that reason.</summary>
    public async Task StartRecoveringAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Data, "standby.signal"), "");
        Begin(["-c", "hot_standby=off"]);
        await SaysAsync("entering standby mode");
    }

    /// <summary>Ends the recovery.</summary>
    public async Task RecoverAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Data, "promote"), "");
        using var promote = Process.Start("kill", ["-USR1", ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await promote.WaitForExitAsync();
        await SaysAsync("ready to accept connections");
    }
    /// <summary>Ends it at once, as a crash does: what was not committed is lost.</summary>
    public async Task KillAsync()
    {
        if (_server is { } server)
        {
            // Its children hold its output open until they have noticed. They are waited for: as long as one has its memory, no
            // server starts on the data, and its folder cannot be removed.
            server.CancelOutputRead();
            server.CancelErrorRead();
            var children = ReadOf(server.Id, $"task/{server.Id}/children");
            server.Kill();
            await server.WaitForExitAsync();
            server.Dispose();
            _server = null;
            await Wait.UntilAsync(
                () => Task.FromResult(!children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).Any(IsPostgres)),
                () => $"the children of a Postgres that was killed end with it: {children}");
        }
    }

    /// <summary>SIGQUIT, its own way to end at once: as after a crash it recovers from its log when it starts again.</summary>
    public async Task EndAtOnceAsync()
    {
        if (_server is { } server)
        {
            using var quit = Process.Start("kill", ["-QUIT", server.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await server.WaitForExitAsync();
            server.Dispose();
            _server = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<PostgresServer> StartSharedAsync()
    {
        var server = await StartAsync(syncs: false);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.Abandon();
        return server;
    }

    /// <summary>The program ends now: it does not wait until a database for each of its tests is removed.</summary>
    private void Abandon()
    {
        _server?.Kill();
        using var remover = Process.Start("rm", ["-rf", _folder]);
    }

    private async Task<string> CloneAsync(string template)
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name} TEMPLATE {template}");
        return ConnectionString(name);
    }

    private void Begin(IEnumerable<string> more)
    {
        var said = _said = [];
        _server = Process.Start(PostgresPrograms.Of("postgres", ["-D", Data, "-k", _folder, .. Settings(), .. more]))!;
        _server.OutputDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        _server.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
    }

    private Task SaysAsync(string words) => Wait.UntilAsync(
        () => _server!.HasExited
            ? throw new InvalidOperationException($"Postgres ended before it said '{words}': {string.Join('\n', _said)}")
            : Task.FromResult(_said.Any(line => line.Contains(words, StringComparison.Ordinal))),
        () => $"Postgres says '{words}': {string.Join('\n', _said)}");

    private async Task MakeAsync()
    {
        if (PostgresPrograms.Owner is { } owner)
        {
            await RunAsync(new ProcessStartInfo("chown", [owner, _folder]) { RedirectStandardError = true, RedirectStandardOutput = true });
        }

        await RunAsync(
            PostgresPrograms.Of("initdb", ["-D", Data, "-U", "sandbox", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]));
    }

    private IEnumerable<string> Settings()
    {
        string[] settings =
        [
            "listen_addresses=", "unix_socket_permissions=0777", "max_connections=300", "shared_buffers=128MB", "max_wal_size=1GB",
            $"fsync={(_syncs ? "on" : "off")}", $"synchronous_commit={(_syncs ? "on" : "off")}", "logging_collector=off",
            "log_min_messages=log",
            "lc_messages=C",
        ];
        return settings.SelectMany(setting => new[] { "-c", setting });
    }

    /// <summary>A number that another program has got meanwhile is none of ours any more.</summary>
    private static bool IsPostgres(int process) => ReadOf(process, "stat").Contains("(postgres)", StringComparison.Ordinal)
        && !ReadOf(process, "stat").Contains(") Z ", StringComparison.Ordinal);

    /// <summary>What the kernel tells of a process; empty: it is gone.</summary>
    private static string ReadOf(int process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/{file}");
        }
        catch (IOException)
        {
            return "";
        }
    }

    /// <summary>One that the server has removed meanwhile is empty.</summary>
    private static byte[] ReadShared(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var all = new MemoryStream();
            file.CopyTo(all);
            return all.ToArray();
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }

    /// <returns>What it wrote.</returns>
    private static async Task<string> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{Path.GetFileName(start.FileName)} failed with {process.ExitCode}: {string.Concat(output)}");
        return output[0];
    }
}
