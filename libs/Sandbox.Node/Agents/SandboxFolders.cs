using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;

namespace Sandbox.Node.Agents;

/// <summary>The places of the files of an incarnation on this node.</summary>
internal sealed class SandboxFolders(IOptions<WorkerOptions> options)
{
    private readonly string _data = Path.GetFullPath(options.Value.DataFolder);

    /// <summary>One folder per incarnation, holding only its socket; mounted read-only into the sandbox.</summary>
    public string Socket(IncarnationId incarnation) => Path.Combine(_data, "run", incarnation.ToString());

    public string SocketFile(IncarnationId incarnation) => Path.Combine(Socket(incarnation), AgentRoutes.SocketName);

    /// <summary>Makes the socket's folder if need be, and gives it and the socket to the user that connects to it.</summary>
    /// <param name="owner">Null: this process's own user.</param>
    /// <exception cref="IOException">They cannot be given to that user.</exception>
    public string EnsureSocketFolder(IncarnationId incarnation, FileOwner? owner)
    {
        var folder = Directory.CreateDirectory(Socket(incarnation)).FullName;
        owner?.ApplyTo(folder);
        if (owner is not null && File.Exists(SocketFile(incarnation)))
        {
            owner.ApplyTo(SocketFile(incarnation));
        }

        return folder;
    }

    /// <summary>Removes the socket's folder; one that is gone, or that is removed elsewhere at this moment, is removed.</summary>
    public void RemoveSocket(IncarnationId incarnation)
    {
        try
        {
            Directory.Delete(Socket(incarnation), recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // There is none any more.
        }
    }

    /// <summary>The folder of the working folders of all Local sandboxes.</summary>
    public string LocalRoot => Path.Combine(_data, "local");

    /// <summary>Working folder of a Local sandbox; removed with it.</summary>
    public string LocalWork(IncarnationId incarnation) => Path.Combine(LocalRoot, incarnation.ToString());

    /// <summary>The folder for agents that the engine could not see where they are.</summary>
    public string AgentCopies => Path.Combine(_data, "agent");

    /// <summary>Folder with the static agent for an engine's architecture (<c>x86_64</c> or <c>aarch64</c>), mounted read-only.</summary>
    public string AgentBinary(string architecture) =>
        Path.Combine(
            options.Value.CopiesAgent ? AgentCopies : options.Value.AgentFolder,
            architecture is "aarch64" or "arm64" ? "linux-arm64" : "linux-x64");
}
