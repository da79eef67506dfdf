using System.Globalization;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Sessions;

/// <summary>Starts the shell of a session on a terminal of its own: bash where there is one, else sh.</summary>
/// <param name="shells">In order of preference; a name that ends with bash is one.</param>
internal sealed class ShellStart(Spawner spawner, AccountFiles accounts, SandboxEnvironment environment, IReadOnlyList<string> shells)
{
    /// <summary>What clients know as the prompt.</summary>
    public const string Prompt = "SHELLPS1PREFIX";

    private const ushort Columns = 1000, Rows = 50;

    // Each program looks at its own name first, whatever PAGER says.
    private static readonly string[] Pagers = ["PAGER", "GIT_PAGER", "MANPAGER", "SYSTEMD_PAGER", "AWS_PAGER", "BAT_PAGER", "GH_PAGER"];

    // Where glibc keeps the locale C.UTF-8; musl needs no file for it.
    private static readonly string[] Utf8Locales =
    [
        "/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8", "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1",
    ];

    public static readonly IReadOnlyList<string> Shells = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "bash", "/bin/sh", "sh"];

    public StartedShell Start(CreateSessionRequest request)
    {
        var account = Account(request.RemoteUser);
        var start = environment.StartFolder();
        var env = request.EnvEnable ? environment.Compose(account, request.Env) : environment.ComposeBare(account, request.Env);
        ForNobodyWhoLooks(env);
        env["PS1"] = Prompt;
        env["PS2"] = env["PS0"] = "";
        SpawnError? error = null;
        foreach (var shell in shells)
        {
            var isBash = shell.EndsWith("bash", StringComparison.Ordinal);
            var order = new SpawnRequest
            {
                Command = shell,
                // With its line editor, though nobody edits: bash without one crashes when a command turns it on (set -o vi).
                Env = env,
                WorkingFolder = start.Path,
                Terminal = new TerminalSettings(Columns, Rows, Echo: false),
                RunAs = account,
            };
            if (spawner.TryStart(order, out var child, out error))
            {
                return new StartedShell(child, shell, isBash, account, start.Missing);
            }

            if (error.Kind != SpawnFailure.CommandNotFound)
            {
                break;
            }
        }

        throw new SessionFailure(SessionFailureKind.CannotStart, $"the shell could not be started: {error?.Message}");
    }

    /// <summary>
    /// A terminal that nobody looks at: it cannot do anything, is wide enough that nothing is cut, takes text as it is, and no program
    /// shows its output a page at a time. What the image or the caller says goes before.
    /// </summary>
    private static void ForNobodyWhoLooks(Dictionary<string, string> env)
    {
        env.TryAdd("TERM", "dumb");
        env.TryAdd("COLUMNS", Columns.ToString(CultureInfo.InvariantCulture));
        env.TryAdd("LINES", Rows.ToString(CultureInfo.InvariantCulture));
        foreach (var pager in Pagers)
        {
            env.TryAdd(pager, "cat");
        }

        if (!env.ContainsKey("LC_ALL") && !env.ContainsKey("LC_CTYPE") && Utf8Locales.Any(FileExists))
        {
            env.TryAdd("LANG", "C.UTF-8");
        }
    }

    private static bool FileExists(string path) => FileStatus.Find(path, follow: true) is not null;

    private Account Account(string? remoteUser) =>
        string.IsNullOrEmpty(remoteUser) ? accounts.Own()
        : accounts.Find(remoteUser)
            ?? throw new SessionFailure(SessionFailureKind.CannotStart, $"user '{remoteUser}' does not exist in the sandbox");
}
