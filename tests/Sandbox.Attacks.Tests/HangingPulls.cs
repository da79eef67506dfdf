using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>Sixteen pulls of the hostile tenant from a registry that sends a byte a second: as many as a node has slots of a class. They go
/// on for as long as the tests of a class.</summary>
public sealed class HangingPulls(AttackedCluster attacked) : IAsyncLifetime
{
    /// <summary>So many of 16 slots does one tenant get.</summary>
    public const int Share = 12;

    private const int Many = 16;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is not null)
        {
            return;
        }

        for (var number = 0; number < Many; number++)
        {
            var started = await attacked.Mallory.StartAsync(
                $"hang-{number}", ("image", $"{attacked.Trickling.Name}/a{number}:1"), ("pull", "missing"));
            Assert.True(started.GetProperty("status").GetString() == "Success", $"a pull was to be accepted: {started}");
        }

        await Wait.UntilAsync(
            () => Task.FromResult(attacked.Trickling.Waiting >= Share), () => $"{Share} pulls hang; {attacked.Trickling.Waiting} do");
    }

    /// <summary>The attack goes on: otherwise a test beside it would show nothing.</summary>
    public void AssertHang() => Assert.True(
        attacked.Trickling.Waiting >= Share, $"{Share} pulls were to hang all the while; {attacked.Trickling.Waiting} do");

    public async ValueTask DisposeAsync()
    {
        for (var number = 0; number < Many && DockerEngine.WhyMissing is null; number++)
        {
            await attacked.Mallory.PostAsync("stop", new { sandbox_id = $"hang-{number}" });
            await attacked.Mallory.PostAsync("delete", new { sandbox_id = $"hang-{number}" });
        }
    }
}
