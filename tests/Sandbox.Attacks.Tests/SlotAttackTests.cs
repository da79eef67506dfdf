using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>What others still get of a node while sixteen pulls of the hostile tenant hang on it.</summary>
[Collection(nameof(AttackCollection))]
public sealed class SlotAttackTests(AttackedCluster attacked, HangingPulls pulls) : IClassFixture<HangingPulls>, IAsyncLifetime
{
    private readonly TestSandboxes _sandboxes = new("slots");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();

        await attacked.RemoveCommitsAsync();
    }

    [NeedsDockerFact]
    public async Task Starts_OfOtherTenants_AreDone()
    {
        await RunAsync(attacked.Red, "slots-red");
        await RunAsync(attacked.Blue, "slots-blue");

        Assert.Equal("on\n", await attacked.Blue.ExecuteAsync("slots-blue", "echo on"));
        pulls.AssertHang();
    }

    [NeedsDockerFact]
    public async Task StopAndRestart_OfAnotherTenant_AreDone()
    {
        await RunAsync(attacked.Red, "slots-stop");
        await attacked.Red.ExecuteAsync("slots-stop", "echo kept > /root/kept");

        await attacked.Red.MustPostAsync("stop", new { sandbox_id = "slots-stop" });
        await UntilAsync("slots-stop", running: false, "its container ends");
        await attacked.Red.MustPostAsync("restart", new { sandbox_id = "slots-stop" });
        await attacked.Red.UntilAliveAsync("slots-stop");

        Assert.Equal("kept\n", await attacked.Red.ExecuteAsync("slots-stop", "cat /root/kept"));
        pulls.AssertHang();
    }

    [NeedsDockerFact]
    public async Task Delete_OfAnotherTenant_IsDone()
    {
        await RunAsync(attacked.Red, "slots-delete");

        await attacked.Red.MustPostAsync("stop", new { sandbox_id = "slots-delete" });
        await attacked.Red.MustPostAsync("delete", new { sandbox_id = "slots-delete" });

        await UntilAsync("slots-delete", running: null, "its container goes");
        pulls.AssertHang();
    }

    [NeedsDockerFact]
    public async Task Commit_OfAnotherTenant_IsDone()
    {
        await RunAsync(attacked.Red, "slots-commit");

        await attacked.Red.MustPostAsync("commit", new { sandbox_id = "slots-commit", image_tag = "slots-made:1" });

        var last = default(JsonElement);
        await Wait.UntilAsync(
            async () =>
            {
                last = (await attacked.Red.GetAsync("commit/slots-commit")).GetProperty("result");
                return last.GetProperty("phase").GetString() is not "RUNNING";
            },
            () => $"the commit ends: {last}");
        Assert.Equal("SUCCEEDED", last.GetProperty("phase").GetString());
        pulls.AssertHang();
    }

    [NeedsDockerFact]
    public async Task ArchiveAndRestore_OfAnotherTenant_AreDone()
    {
        await RunAsync(attacked.Red, "slots-archive");
        await attacked.Red.ExecuteAsync("slots-archive", "echo kept > /root/kept");
        await attacked.Red.MustPostAsync("stop", new { sandbox_id = "slots-archive" });

        await attacked.Red.MustPostAsync("sandboxes/slots-archive/archive", new { });
        await Wait.UntilAsync(
            async () => (await attacked.Red.StatusAsync("slots-archive")).GetProperty("state").GetString() is "archived",
            () => "it is archived");
        await attacked.Red.MustPostAsync("restart", new { sandbox_id = "slots-archive" });
        await attacked.Red.UntilAliveAsync("slots-archive");

        Assert.Equal("kept\n", await attacked.Red.ExecuteAsync("slots-archive", "cat /root/kept"));
        pulls.AssertHang();
    }

    /// <summary>It has its share of the slots of pulls, and of none else.</summary>
    [NeedsDockerFact]
    public async Task StartAndStop_OfTheHostileTenantItself_AreDone()
    {
        var started = await attacked.Mallory.StartAsync("slots-own");
        Assert.True(started.GetProperty("status").GetString() == "Success", $"the start was to be accepted: {started}");
        _sandboxes.Add(attacked.Mallory, "slots-own");
        await attacked.Mallory.UntilAliveAsync("slots-own");

        await attacked.Mallory.MustPostAsync("stop", new { sandbox_id = "slots-own" });

        await UntilAsync("slots-own", running: false, "its container ends");
        pulls.AssertHang();
    }

    [NeedsDockerFact]
    public async Task Stop_OfPullsThatHang_EndsThem()
    {
        string[] ids = [.. Enumerable.Range(0, 4).Select(number => $"slots-hang-{number}")];
        foreach (var id in ids)
        {
            _sandboxes.Add(attacked.Mallory, id);
            await attacked.Mallory.StartAsync(id, ("image", $"{attacked.Trickling.Name}/b:{id}"), ("pull", "missing"));
        }

        foreach (var id in ids)
        {
            await attacked.Mallory.MustPostAsync("stop", new { sandbox_id = id });
            Assert.Equal("stopped", (await attacked.Mallory.StatusAsync(id)).GetProperty("state").GetString());
        }

        // Their jobs hold nothing any more: what the tenant asks for next is done.
        await attacked.Mallory.RunAsync("slots-after");
        _sandboxes.Add(attacked.Mallory, "slots-after");
        pulls.AssertHang();
    }

    private async Task RunAsync(RockCaller owner, string id)
    {
        _sandboxes.Add(owner, id);
        await owner.RunAsync(id);
    }

    /// <param name="running">Null: there is no container.</param>
    private Task UntilAsync(string id, bool? running, string expected) => Wait.UntilAsync(
        async () => (bool?)(await attacked.ContainerOfAsync(id, Token))?["State"]?["Running"] == running, () => expected);
}
