using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Node;
using Sandbox.Node.Agents;

namespace Sandbox.Deployments.Local;

/// <summary>The agent as a program of this machine: the native file, or else the ordinary .NET one.</summary>
internal sealed class AgentProgram(SandboxFolders folders, IOptions<WorkerOptions> options)
{
    /// <summary>Folder to show inside, and the command in terms of that folder; null when there is neither program.</summary>
    /// <param name="seenAt">Where the folder is seen; null: where it is.</param>
    public AgentCommand? Find(string? seenAt)
    {
        var native = folders.AgentBinary(RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? "aarch64" : "x86_64");
        if (options.Value.AgentFolder.Length > 0 && File.Exists(Path.Combine(native, AgentRoutes.BinaryName)))
        {
            var folder = Path.GetFullPath(native);
            return new AgentCommand(folder, Runtime: null, [Path.Combine(seenAt ?? folder, AgentRoutes.BinaryName)]);
        }

        if (options.Value.ManagedAgent.Length > 0 && File.Exists(options.Value.ManagedAgent))
        {
            var file = Path.GetFullPath(options.Value.ManagedAgent);
            var runtime = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
            var folder = Path.GetDirectoryName(file)!;
            return new AgentCommand(
                folder, runtime, [Path.Combine(runtime, "dotnet"), Path.Combine(seenAt ?? folder, Path.GetFileName(file))]);
        }

        return null;
    }
}

/// <param name="Folder">Where the agent's files are.</param>
/// <param name="Runtime">Folder of the .NET runtime, where it needs one.</param>
internal sealed record AgentCommand(string Folder, string? Runtime, IReadOnlyList<string> Command);
