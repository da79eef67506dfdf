using System.Text;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Node.Agents;

namespace Sandbox.Node;

/// <summary>Refuses, before anything is started, what no agent could reach: a data folder in which no agent's socket could be made,
/// a TCP port without a secret; and an address pool that is none.</summary>
internal sealed class WorkerPaths : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        if (FindAgentPortProblem(options) is { } problem)
        {
            return ValidateOptionsResult.Fail(problem);
        }

        if (options.CopiesAgent && !Directory.Exists(options.AgentFolder))
        {
            return ValidateOptionsResult.Fail(
                $"{WorkerOptions.Section}:{nameof(WorkerOptions.CopiesAgent)} needs "
                    + $"{WorkerOptions.Section}:{nameof(WorkerOptions.AgentFolder)} to name a folder (it is '{options.AgentFolder}').");
        }

        if (!System.Net.IPNetwork.TryParse(options.NetworkPool, out _))
        {
            return ValidateOptionsResult.Fail(
                $"{WorkerOptions.Section}:{nameof(WorkerOptions.NetworkPool)} '{options.NetworkPool}' is no IPv4 network such as "
                    + "10.213.0.0/16.");
        }

        if (options.DataFolder.Length == 0)
        {
            return ValidateOptionsResult.Skip;
        }

        var longest = Encoding.UTF8.GetByteCount(new SandboxFolders(Options.Create(options)).SocketFile(IncarnationId.New()));
        return longest <= ListeningTransport.MaxPath
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{WorkerOptions.Section}:{nameof(WorkerOptions.DataFolder)} is too long: its agents' sockets ({AgentRoutes.SocketName}) "
                    + $"would have paths of {longest} bytes, and a Unix socket's path has at most {ListeningTransport.MaxPath}. Choose a "
                    + $"folder that is {longest - ListeningTransport.MaxPath} bytes shorter.");
    }

    private static string? FindAgentPortProblem(WorkerOptions options)
    {
        const string Secret = $"{WorkerOptions.Section}:{nameof(WorkerOptions.AgentSecret)}";
        const string SecretFile = $"{WorkerOptions.Section}:{nameof(WorkerOptions.AgentSecretFile)}";
        const string Listen = $"{WorkerOptions.Section}:{nameof(WorkerOptions.AgentListen)}";
        return options switch
        {
            { AgentSecret.Length: > 0, AgentSecretFile.Length: > 0 } => $"{Secret} or {SecretFile}: only one of the two may be given.",
            { AgentSecret.Length: > 0 } when Encoding.UTF8.GetByteCount(options.AgentSecret) < AgentTokens.MinSecret =>
                $"{Secret}: at least {AgentTokens.MinSecret} random bytes are needed.",
            { AgentListen.Length: > 0 } when !System.Net.IPEndPoint.TryParse(options.AgentListen, out _) =>
                $"{Listen} '{options.AgentListen}' takes ADDRESS:PORT.",
            { AgentListen.Length: > 0, AgentSecret.Length: 0 } when !File.Exists(options.AgentSecretFile) =>
                $"{Listen} needs {SecretFile} to name a file (it is '{options.AgentSecretFile}'), or {Secret}.",
            _ => null,
        };
    }
}
