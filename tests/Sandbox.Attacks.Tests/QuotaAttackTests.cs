using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>How a tenant may try to take more than it may have: by what rests, limits above guarantees, archives and images.</summary>
[Collection(nameof(AttackCollection))]
public sealed class QuotaAttackTests(AttackedCluster attacked) : IAsyncLifetime
{
    private readonly TestSandboxes _sandboxes = new("quota");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();

        await attacked.RemoveCommitsAsync();
    }

    /// <summary>Each stopped sandbox keeps a container, its files and a record.</summary>
    [NeedsDockerFact]
    public async Task StartAndStop_AgainAndAgain_EndsAtTheTotalOfSandboxes()
    {
        var hoarder = await attacked.MakeTenantAsync("hoarder", new { sandboxes = 1, total_sandboxes = 2 });
        var ids = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            ids.Add(await _sandboxes.RunAsync(hoarder));
            await hoarder.MustPostAsync("stop", new { sandbox_id = ids[i] });
        }

        await AssertRefusedAsync(hoarder, "The quota of total sandboxes is reached (2).");

        await AssertWorksAsync(attacked.Red);
        await hoarder.MustPostAsync("delete", new { sandbox_id = ids[0] });
        await AssertWorksAsync(hoarder);
    }

    [NeedsDockerFact]
    public async Task Start_WithALimitFarAboveItsGuarantee_CountsByTheLimit()
    {
        var greedy = await attacked.MakeTenantAsync("greedy", new { cpus = 1.5 });

        await AssertRefusedAsync(greedy, "The quota of cpus is reached (1.5).", ("cpus", 0.01), ("limit_cpus", 16));

        await AssertWorksAsync(greedy, ("cpus", 0.01), ("limit_cpus", 1));
        await AssertRefusedAsync(greedy, "The quota of cpus is reached (1.5).", ("cpus", 0.01), ("limit_cpus", 1));
    }

    [NeedsDockerTheory]
    [InlineData("huge", "20g", "The quota of disk is reached (10737418240 bytes).")]
    [InlineData("unbounded", null, "The quota of disk is reached (10737418240 bytes, and the sandbox has no disk limit).")]
    public async Task Start_WithMoreDiskThanTheQuota_OrWithoutALimit_IsRefused(string tenant, string? disk, string reason)
    {
        var caller = await attacked.MakeTenantAsync($"disk-{tenant}", new { disk_bytes = 10L << 30 });

        await AssertRefusedAsync(caller, reason, ("disk", disk));
    }

    [NeedsDockerTheory]
    [InlineData("env", "64k")]
    [InlineData("metadata", "16k")]
    [InlineData("extended_params", "64k")]
    public async Task Start_WithAMapThatFillsTheStore_IsRefused(string field, string most)
    {
        var map = new Dictionary<string, string> { ["A"] = new('v', 64 << 10) };

        await AssertRefusedAsync(
            attacked.Mallory, $"{field}: all names and values together must not exceed {most} characters", (field, map));
    }

    [NeedsDockerFact]
    public async Task Tenant_ThatWasMadeWithoutQuotas_CannotCreateWithoutBound()
    {
        var tenants = await attacked.Admin.Http.GetFromJsonAsync<JsonElement>("/api/v1/tenants", Token);

        var mallory = tenants.EnumerateArray().Single(tenant => tenant.GetProperty("name").GetString() == "mallory");
        Assert.Equal(6000, mallory.GetProperty("quota").GetProperty("creates_per_minute").GetInt32());
    }

    [NeedsDockerFact]
    public async Task Commit_UnderEverNewNames_EndsAtTheImagesThatATenantMayKeep()
    {
        var evil = await _sandboxes.RunAsync(attacked.Mallory);
        for (var i = 0; i < 3; i++)
        {
            var kept = await AttackedCluster.CommitAsync(attacked.Mallory, evil, $"hoard:{i}");
            Assert.Equal("SUCCEEDED", kept.GetProperty("phase").GetString());
        }

        var refused = await AttackedCluster.CommitAsync(attacked.Mallory, evil, "hoard:3");

        Assert.Contains(
            "keeps 3 images of this tenant's commits already", refused.GetProperty("error_message").GetString(), StringComparison.Ordinal);
        Assert.Equal("SUCCEEDED", (await AttackedCluster.CommitAsync(attacked.Mallory, evil, "hoard:1")).GetProperty("phase").GetString());
        var red = await _sandboxes.RunAsync(attacked.Red);
        Assert.Equal("SUCCEEDED", (await AttackedCluster.CommitAsync(attacked.Red, red, "work:1")).GetProperty("phase").GetString());
    }

    [NeedsDockerFact]
    public async Task Commit_OfAFileWithAHugeHole_FailsBeforeItFillsTheNode()
    {
        var evil = await _sandboxes.RunAsync(attacked.Mallory);
        await attacked.Mallory.ExecuteAsync(evil, "truncate -s 1024G /hole");

        var refused = await AttackedCluster.CommitAsync(attacked.Mallory, evil, "hole:1");

        Assert.Contains("without the holes in its files", refused.GetProperty("error_message").GetString(), StringComparison.Ordinal);
    }

    /// <summary>A terabyte of nothing costs its tenant nothing; filled, it would be the node's whole disk.</summary>
    [NeedsDockerTheory]
    [InlineData("truncate -s 1024G /hole", "the image is larger than the limit of")]
    [InlineData(
        "n=$(head -c 200 /dev/zero | tr '\\0' d); p=; for i in $(seq 19); do p=$p/$n; done; mkdir -p /a$p /b$p; mv /b /a$p",
        "more than an engine can unpack")]
    public async Task Archive_OfATreeThatIsMadeToBreakIt_FailsAndTheOtherTenantsIsMade(string preparation, string reason)
    {
        var evil = await _sandboxes.RunAsync(attacked.Mallory);
        await attacked.Mallory.ExecuteAsync(evil, preparation);
        var red = await _sandboxes.RunAsync(attacked.Red);
        await attacked.Red.ExecuteAsync(red, "echo work > /work; mkfifo /fifo");
        await ArchiveAsync(attacked.Mallory, evil);
        await ArchiveAsync(attacked.Red, red);

        await attacked.Mallory.UntilStateAsync(evil, "stopped");
        var status = await attacked.Mallory.StatusAsync(evil);
        Assert.Contains(reason, status.GetProperty("reason").GetString(), StringComparison.Ordinal);

        await attacked.Red.UntilStateAsync(red, "archived");
        await attacked.Red.MustPostAsync("restart", new { sandbox_id = red });
        await attacked.Red.UntilAliveAsync(red);
        Assert.Equal("work\n", await attacked.Red.ExecuteAsync(red, "cat /work"));
    }

    private static async Task ArchiveAsync(RockCaller caller, string id)
    {
        await caller.MustPostAsync("stop", new { sandbox_id = id });
        await caller.MustPostAsync($"sandboxes/{id}/archive", new { });
    }

    private async Task AssertWorksAsync(RockCaller caller, params (string Field, object? Value)[] more)
    {
        var id = await _sandboxes.RunAsync(caller, more);
        Assert.Equal("on\n", await caller.ExecuteAsync(id, "echo on"));
    }

    private async Task AssertRefusedAsync(RockCaller caller, string reason, params (string Field, object? Value)[] more)
    {
        var answer = await caller.StartAsync(_sandboxes.Named(caller), more);

        Assert.True(
            answer.GetProperty("status").GetString() is not "Success"
                && answer.GetRawText().Contains(reason, StringComparison.Ordinal), $"it was to be refused with '{reason}': {answer}");
    }
}
