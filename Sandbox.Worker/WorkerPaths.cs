using System.Text;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Worker.Agents;

namespace Sandbox.Worker;

/// <summary>Refuses, before anything is started, what no agent could reach: a data folder in which no agent's socket could be made,
/// a TCP port without a secret.</summary>
internal sealed class WorkerPaths : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        if (options.AgentListen.Length > 0 && (!System.Net.IPEndPoint.TryParse(options.AgentListen, out _) || !File.Exists(options.AgentSecretFile)))
        {
            return ValidateOptionsResult.Fail(
                $"{WorkerOptions.Section}:{nameof(WorkerOptions.AgentListen)} '{options.AgentListen}' takes ADDRESS:PORT, and needs {WorkerOptions.Section}:{nameof(WorkerOptions.AgentSecretFile)} to name a file (it is '{options.AgentSecretFile}').");
        }

        if (options.CopiesAgent && !Directory.Exists(options.AgentFolder))
        {
            return ValidateOptionsResult.Fail(
                $"{WorkerOptions.Section}:{nameof(WorkerOptions.CopiesAgent)} needs {WorkerOptions.Section}:{nameof(WorkerOptions.AgentFolder)} to name a folder (it is '{options.AgentFolder}').");
        }

        if (options.DataFolder.Length == 0)
        {
            return ValidateOptionsResult.Skip;
        }

        var longest = Encoding.UTF8.GetByteCount(new SandboxFolders(Options.Create(options)).SocketFile(IncarnationId.New()));
        return longest <= ListeningRoad.MaxPath
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"{WorkerOptions.Section}:{nameof(WorkerOptions.DataFolder)} is too long: its agents' sockets ({AgentRoutes.SocketName}) would have paths of {longest} bytes, and a Unix socket's path has at most {ListeningRoad.MaxPath}. Choose a folder that is {longest - ListeningRoad.MaxPath} bytes shorter.");
    }
}
