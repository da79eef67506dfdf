using System.Diagnostics;

namespace Sandbox.Testing.Postgres;

/// <summary>Where the machine has the programs of Postgres, and as which user they may run.</summary>
internal static class PostgresPrograms
{
    // What the server refuses to be, and an account that comes with it.
    private const string Account = "postgres";

    private static readonly Lazy<string?> Found = new(Search);

    /// <summary>Null when everything is there.</summary>
    public static string? WhyMissing =>
        OperatingSystem.IsWindows() ? "needs Postgres: the tests start it on a Unix socket"
        : Found.Value is null ? "needs Postgres: neither the path nor /usr/lib/postgresql has initdb and postgres"
        : System.Environment.IsPrivilegedProcess && !File.Exists("/usr/bin/setpriv")
            ? "needs Postgres: it does not run as root, and there is no setpriv to become another"
        : null;

    /// <summary>The account that the server's files belong to; null: our own.</summary>
    public static string? Owner => System.Environment.IsPrivilegedProcess ? Account : null;

    /// <summary>The program as an unprivileged account; the process has the program's own id, for nothing stays in between.</summary>
    public static ProcessStartInfo Of(string program, params IEnumerable<string> arguments)
    {
        var path = Path.Combine(Found.Value!, program);
        string[] command = Owner is { } owner
            ? ["/usr/bin/setpriv", $"--reuid={owner}", $"--regid={owner}", "--clear-groups", path]
            : [path];
        return new ProcessStartInfo(command[0], [.. command[1..], .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
    }

    private static string? Search() => Folders().FirstOrDefault(folder =>
        File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));

    // Newest first; the path last, for what it has may be a link to a wrapper.
    private static IEnumerable<string> Folders()
    {
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(folder => folder, StringComparer.Ordinal)
                .Select(folder => Path.Combine(folder, "bin"))
            : [];
        return [.. installed, "/usr/local/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin"];
    }
}
