using Sandbox.Testing;

namespace Sandbox.Attacks.Tests;

/// <summary>What a tenant may do to the records of another one.</summary>
[Collection(nameof(AttackCollection))]
public sealed class RecordAttackTests(AttackedCluster attacked)
{
    [NeedsDockerFact]
    public async Task Stop_OfAnothersSandbox_LeavesItRunning()
    {
        await attacked.Red.RunAsync("red-1");

        var answer = await attacked.Mallory.PostAsync("stop", new { sandbox_id = "red-1" });

        Assert.True(
            await attacked.Red.IsAliveAsync("red-1"), $"a stranger's stop was to change nothing; it was answered: {answer}");
        await attacked.Red.MustPostAsync("stop", new { sandbox_id = "red-1" });
    }
}
