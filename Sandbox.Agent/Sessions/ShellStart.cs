using Sandbox.Agent.Accounts;
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

    public static readonly IReadOnlyList<string> Shells = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "bash", "/bin/sh", "sh"];

    public StartedShell Start(CreateSessionRequest request)
    {
        var account = Account(request.RemoteUser);
        var env = request.EnvEnable ? environment.Compose(account, request.Env) : environment.ComposeBare(account, request.Env);
        env["PS1"] = Prompt;
        env["PS2"] = env["PS0"] = "";
        SpawnError? error = null;
        foreach (var shell in shells)
        {
            var isBash = shell.EndsWith("bash", StringComparison.Ordinal);
            var order = new SpawnRequest
            {
                Command = shell,
                Arguments = isBash ? ["--noediting"] : [],
                Env = env,
                WorkingFolder = Environment.CurrentDirectory,
                Terminal = new TerminalSettings(Echo: false),
                RunAs = account,
            };
            if (spawner.TryStart(order, out var child, out error))
            {
                return new StartedShell(child, shell, isBash);
            }

            if (error.Kind != SpawnFailure.CommandNotFound)
            {
                break;
            }
        }

        throw new SessionFailure(SessionFailureKind.CannotStart, $"the shell could not be started: {error?.Message}");
    }

    private Account Account(string? remoteUser) =>
        string.IsNullOrEmpty(remoteUser) ? accounts.Own()
        : accounts.Find(remoteUser)
            ?? throw new SessionFailure(SessionFailureKind.CannotStart, $"user '{remoteUser}' does not exist in the sandbox");
}

/// <param name="Path">As it was started.</param>
internal sealed record StartedShell(ChildProcess Child, string Path, bool IsBash);
