using Sandbox.Agent.Native;

namespace Sandbox.Agent.Tests.Native;

/// <summary>A process has one reaper: it waits for all children, so the tests of this program share it.</summary>
internal static class Spawning
{
    internal static Spawner Spawner { get; } = new(new Reaper());
}
