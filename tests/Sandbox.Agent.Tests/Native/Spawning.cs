using Sandbox.Agent.Native;

namespace Sandbox.Agent.Tests.Native;

/// <summary>A process has one reaper: it waits for all children, so the tests of this program share it, and none may use
/// <c>System.Diagnostics.Process</c>, whose children it would take away.</summary>
internal static class Spawning
{
    internal static Spawner Spawner { get; } = new(new Reaper());

    /// <summary>Runs a tool that a test needs and expects it to succeed.</summary>
    internal static async Task RunAsync(string program, params string[] arguments)
    {
        var request = new SpawnRequest
        {
            Command = program,
            Arguments = arguments,
            Env = new Dictionary<string, string> { ["PATH"] = ProgramPath.DefaultPath },
            WorkingFolder = "/",
            OpenStdin = false,
        };
        Assert.True(Spawner.TryStart(request, out var child, out var error), error?.Message);
        using (child)
        {
            Assert.Equal(new ExitStatus(0, 0), await child.Exited.WaitAsync(TimeSpan.FromSeconds(60)));
        }
    }
}
