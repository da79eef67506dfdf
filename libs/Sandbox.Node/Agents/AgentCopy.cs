using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;

namespace Sandbox.Node.Agents;

/// <summary>Puts the agents where the engine sees them, before anything is started (<see cref="WorkerOptions.CopiesAgent"/>).</summary>
internal sealed class AgentCopy(IOptions<WorkerOptions> options, SandboxFolders folders) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.CopiesAgent)
        {
            foreach (var agent in Directory.EnumerateFiles(options.Value.AgentFolder, AgentRoutes.BinaryName, SearchOption.AllDirectories))
            {
                Put(agent, Path.Combine(folders.AgentCopies, Path.GetRelativePath(options.Value.AgentFolder, agent)));
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Whole or not at all: sandboxes may run what is there.</summary>
    private static void Put(string agent, string place)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        File.Copy(agent, place + ".new", overwrite: true);
        File.SetUnixFileMode(place + ".new", (UnixFileMode)0b111_101_101);
        File.Move(place + ".new", place, overwrite: true);
    }
}
