using System.Buffers;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Text;

namespace Sandbox.Agent.Sessions;

/// <summary>Asks a fresh shell whether it can read a command, without running any of it.</summary>
internal sealed class SyntaxCheck(CommandRunner runner)
{
    /// <summary>Bytes the kernel takes in one argument; beyond it the shell of the session itself finds the error.</summary>
    private const int LongestArgument = 120_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // A first word that opens or closes a construct, and whatever else is not one plain command, is worth asking.
    private static readonly HashSet<string> Reserved =
    [
        "if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "select", "function", "time", "in",
        "coproc", "until",
    ];

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _-./:=,+@%$");

    public async Task EnsureReadableAsync(StartedShell shell, string command, CancellationToken cancellationToken)
    {
        if (IsPlain(command) || System.Text.Encoding.UTF8.GetByteCount(command) > LongestArgument)
        {
            return;
        }

        using var outcome = await runner.RunAsync(
            new SpawnRequest
            {
                Command = shell.Path,
                // The only option of bash by which it reads more than it does without; a session may have it on.
                Arguments = shell.IsBash ? ["-O", "extglob", "-n", "-c", command] : ["-n", "-c", command],
                Env = new Dictionary<string, string> { ["PATH"] = ProgramPath.DefaultPath },
                WorkingFolder = "/",
                OpenStdin = false,
            },
            Limit,
            largestOutput: 64 * 1024,
            cancellationToken);
        if (outcome is { Error: null, TimedOut: false, Status: { Signal: 0, Code: not 0 } })
        {
            var stderr = SpooledText.Whole(outcome.Stderr);
            throw new SessionFailure(
                SessionFailureKind.Syntax,
                $"the command cannot be read by the shell: {stderr.Trim()}",
                new Dictionary<string, string> { ["bash_stdout"] = SpooledText.Whole(outcome.Stdout), ["bash_stderr"] = stderr });
        }
    }

    /// <summary>One simple command, which cannot be malformed: saves a process for the commonest calls.</summary>
    internal static bool IsPlain(string command) =>
        !command.AsSpan().ContainsAnyExcept(Plain) && !Reserved.Contains(command.TrimStart().Split(' ', 2)[0]);
}
