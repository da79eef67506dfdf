using System.Diagnostics;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Running;

namespace Aspire.Hosting.Stores;

/// <summary>
/// Postgres from the programs of this machine, in a named folder where the floor plan asks for a data volume, else in one that
/// is gone afterwards. It refuses to be root: then it runs as the account that came with it.
/// </summary>
internal sealed class PostgresProgram(PostgresServerResource server, StateFolder state, Func<int> port) : IProgram
{
    /// <summary>By environment: the folder of its programs, where neither the path nor the system's own folder has them.</summary>
    private const string Variable = "LocalHosting__PostgresFolder";

    private const string Account = "postgres";
    private const string Install = "Install PostgreSQL (Debian: apt-get install postgresql; Fedora: dnf install postgresql-server).";

    private static readonly string[] Needed = ["initdb", "postgres", "psql"];

    private static readonly string? Programs = Find();

    private static readonly string? RunAs = Environment.IsPrivilegedProcess ? Account : null;

    /// <summary>Null: everything is there.</summary>
    public static string? WhyMissing =>
        Programs is null ? $"needs Postgres: initdb, postgres and psql are {(Chosen is { } chosen ? $"not in {chosen}" : "neither on the path nor in /usr/lib/postgresql")}. {Install}"
        : RunAs is not null && !File.ReadLines("/etc/passwd").Any(line => line.StartsWith(Account + ":", StringComparison.Ordinal))
            ? $"needs the account '{Account}', because Postgres refuses to run as root. {Install}"
        : null;

    public async Task<Launch> PrepareAsync(int replica, CancellationToken cancellationToken)
    {
        var volume = server.Annotations.OfType<ContainerMountAnnotation>().LastOrDefault(mount => mount.Type is ContainerMountType.Volume);
        var folder = volume?.Source is { } name ? state.Named(name) : state.Scratch(server.Name);
        var data = Path.Combine(folder, "pgdata");
        if (!File.Exists(Path.Combine(data, "PG_VERSION")))
        {
            await MakeAsync(folder, data, isKept: volume is not null, cancellationToken);
        }

        string[] settings = [$"port={port()}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "shared_buffers=32MB"];
        return new Launch(Path.Combine(Programs!, "postgres"), ["-D", data, .. settings.SelectMany(setting => new[] { "-c", setting })], "/")
        {
            Account = RunAs,
            EndSignal = "INT", // which does not wait until its clients have gone
        };
    }

    public async Task<bool> IsReadyAsync(int replica, CancellationToken cancellationToken) =>
        (await QueryAsync("SELECT 1", cancellationToken)).ExitCode == 0;

    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        foreach (var database in server.Databases.Values)
        {
            var (exitCode, said) = await QueryAsync(
                $"SELECT format('CREATE DATABASE %I', '{database.Replace("'", "''", StringComparison.Ordinal)}') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database.Replace("'", "''", StringComparison.Ordinal)}') \\gexec",
                cancellationToken);
            if (exitCode != 0)
            {
                throw new DistributedApplicationException($"the database '{database}' could not be made: {said.Trim()}");
            }
        }
    }

#pragma warning disable RS0030 // Where the machine keeps its programs is no option.
    private static string? Chosen => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : null;
#pragma warning restore RS0030

    private static string? Find()
    {
        if (Chosen is { } chosen)
        {
            return HasAll(chosen) ? chosen : null;
        }

        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(folder => folder, StringComparer.Ordinal).Select(folder => Path.Combine(folder, "bin"))
            : [];
        // What the path has may be a link to a wrapper that wants a cluster of the system's.
#pragma warning disable RS0030 // Where the machine keeps its programs is no option.
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
#pragma warning restore RS0030
        return installed.Concat(path).Concat(["/usr/local/pgsql/bin"])
            .FirstOrDefault(HasAll);
    }

    private static bool HasAll(string folder) => Needed.All(program => File.Exists(Path.Combine(folder, program)));

    private async Task MakeAsync(string folder, string data, bool isKept, CancellationToken cancellationToken)
    {
        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, await server.PasswordParameter.GetValueAsync(cancellationToken), cancellationToken);
        File.SetUnixFileMode(password, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        try
        {
            if (RunAs is not null)
            {
                await MustAsync("chown", [$"{RunAs}:", folder, password], cancellationToken);
            }

            // One that was interrupted leaves half a folder.
            if (Directory.Exists(data))
            {
                Directory.Delete(data, recursive: true);
            }

            string[] command = [Path.Combine(Programs!, "initdb"), "-D", data, "-U", await UserAsync(cancellationToken), "-A", "scram-sha-256",
                $"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", .. isKept ? Array.Empty<string>() : ["--no-sync"]];
            string[] whole = RunAs is null ? command : ["setpriv", $"--reuid={RunAs}", $"--regid={RunAs}", "--clear-groups", .. command];
            await MustAsync(whole[0], whole[1..], cancellationToken);
        }
        finally
        {
            File.Delete(password);
        }
    }

    private async Task<string> UserAsync(CancellationToken cancellationToken) => await server.UserNameReference.GetValueAsync(cancellationToken) ?? "postgres";

    private async Task<(int ExitCode, string Said)> QueryAsync(string statement, CancellationToken cancellationToken)
    {
        string[] arguments = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", $"{port()}", "-U", await UserAsync(cancellationToken), "-d", "postgres"];
        var start = new ProcessStartInfo(Path.Combine(Programs!, "psql"), arguments) { RedirectStandardInput = true };
        start.Environment["PGPASSWORD"] = await server.PasswordParameter.GetValueAsync(cancellationToken);
        start.Environment["PGCONNECT_TIMEOUT"] = "5";
        return await RunAsync(start, statement, cancellationToken);
    }

    private static async Task MustAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var (exitCode, said) = await RunAsync(new ProcessStartInfo(program, arguments), "", cancellationToken);
        if (exitCode != 0)
        {
            throw new DistributedApplicationException($"{Path.GetFileName(program)} failed with {exitCode}: {said.Trim()}");
        }
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(ProcessStartInfo start, string input, CancellationToken cancellationToken)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, "/");
        start.RedirectStandardInput = true;
        using var process = Process.Start(start)!;
        try
        {
            await process.StandardInput.WriteLineAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code says how.
        }

        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        return (process.ExitCode, string.Concat(said));
    }
}
