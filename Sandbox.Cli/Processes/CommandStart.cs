using Sandbox.Client;
using Sandbox.Client.Processes;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Processes;

/// <summary>Starts a command inside a sandbox; that there is no such command has the exit code of a shell.</summary>
internal static class CommandStart
{
    public static async Task<ProcessStream> StartAsync(
        SandboxClient client, SandboxId id, StartRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await client.Processes(id).StartAsync(request, cancellationToken);
        }
        catch (SandboxClientException exception) when (exception.Code is "not_found" or "permission_denied")
        {
            // Throws by itself when it is the sandbox that is not there.
            await client.StatusAsync(id, allStates: false, cancellationToken);
            throw new CliException(exception.Text, exception.Code is "not_found" ? ExitCodes.NotFound : ExitCodes.NotExecutable);
        }
    }

    public static StartRequest Request(IReadOnlyList<string> command, IReadOnlyDictionary<string, string> env, string? cwd) => new()
    {
        Process = new ProcessConfig { Cmd = command[0], Args = [.. command.Skip(1)], Envs = env, Cwd = cwd },
        Stdin = true,
    };
}
