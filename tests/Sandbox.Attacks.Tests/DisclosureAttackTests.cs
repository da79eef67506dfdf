using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>What a tenant learns of the machine and its operator by making things fail, and what it may write into their logs.</summary>
[Collection(nameof(AttackCollection))]
public sealed partial class DisclosureAttackTests(AttackedCluster attacked) : IAsyncLifetime
{
    private readonly TestSandboxes _sandboxes = new("told");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();
    }

    [NeedsDockerFact]
    public async Task Start_ThatTheEngineRefuses_TellsItsKindAndTheLogTheEnginesWords()
    {
        // The parser knows the name; the kernel refuses the value, in words of the engine's.
        var id = await FailAsync(attacked.Mallory, ("docker_args", (string[])["--sysctl", "net.ipv4.ip_unprivileged_port_start=-5"]));

        var told = (await attacked.Mallory.StatusAsync(id)).GetRawText();
        var reference = Reference().Match(told);
        Assert.True(reference.Success, $"the tenant was to be told a kind and a reference: {told}");
        Assert.DoesNotContain("/proc/", told, StringComparison.Ordinal);
        Assert.DoesNotContain("OCI", told, StringComparison.Ordinal);
        var line = await attacked.Cluster.Workers[0].SaysAsync(reference.Groups[1].Value);
        Assert.Contains(id, line, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Start_ThatFailsForTheOperator_TellsTheOperatorTheEnginesWords()
    {
        var id = await FailAsync(attacked.Admin, ("docker_args", (string[])["--sysctl", "net.ipv4.ip_unprivileged_port_start=-5"]));

        Assert.DoesNotMatch(Reference(), (await attacked.Admin.StatusAsync(id)).GetRawText());
    }

    /// <summary>Whatever field a tenant can write: none of it ends a line of a log, or reaches the terminal that shows it as a
    /// command.</summary>
    [NeedsDockerFact]
    public async Task ControlCharacters_InAnyField_AreInNoLog()
    {
        const string Evil = "x\u001b]0;owned\u0007\r\n\u009b31mcrit: Sandbox.Worker[0] forged\u202e";
        foreach (var field in (string[])["image", "sandbox_id", "memory", "pull", "network", "registry_username", "accelerator_type"])
        {
            await attacked.Mallory.StartAsync(_sandboxes.Named(attacked.Mallory), (field, Evil));
        }

        await attacked.Mallory.StartAsync(_sandboxes.Named(attacked.Mallory), ("docker_args", (string[])[Evil]));
        await attacked.Mallory.StartAsync(
            _sandboxes.Named(attacked.Mallory), ("metadata", new Dictionary<string, string> { [Evil] = Evil }));
        await attacked.Mallory.PostAsync("commit", new { sandbox_id = "none", image_tag = Evil, username = Evil });
        await attacked.Mallory.PostAsync("stop", new { sandbox_id = Evil });

        var logs = attacked.Cluster.Apis[0].Log + attacked.Cluster.Workers[0].Log;
        Assert.DoesNotContain(logs, c => c is '\u001b' or '\u009b' or '\u0007' or '\u202e' or '\r');
        Assert.DoesNotMatch(new Regex("^crit: Sandbox.Worker", RegexOptions.Multiline), logs);
    }

    [NeedsDockerTheory]
    [InlineData("metadata", "a\0b")]
    [InlineData("extended_params", "a\0b")]
    [InlineData("env", "a\0b")]
    public async Task Map_WithWhatNoDatabaseKeeps_IsRefusedBeforeIt(string field, string value)
    {
        var answer = await attacked.Mallory.StartAsync(
            _sandboxes.Named(attacked.Mallory), (field, new Dictionary<string, string> { ["node_label.zone"] = value }));

        Assert.Equal("Failed", answer.GetProperty("status").GetString());
        Assert.Contains("NUL", answer.GetRawText(), StringComparison.Ordinal);
        var red = _sandboxes.Named(attacked.Red);
        Assert.Equal("Success", (await attacked.Red.StartAsync(red)).GetProperty("status").GetString());
    }

    [NeedsDockerFact]
    public async Task List_FilteredByWhatNoDatabaseKeeps_IsRefusedBeforeIt()
    {
        var answer = await attacked.Mallory.GetAsync("sandboxes?user_id=a%00b");

        Assert.Contains("must not contain a NUL character", answer.GetRawText(), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Start_AtARemoteAgentOfTheTenantsChoice_ConnectsNowhere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        foreach (var host in (string[])["http://127.0.0.1", "http://localhost", "http://[::ffff:127.0.0.1]", "http://169.254.169.254"])
        {
            var answer = await attacked.Mallory.StartAsync(_sandboxes.Named(attacked.Mallory), ("remote", new { host, port }));

            Assert.Contains("does not allow sandboxes at this remote agent", answer.GetRawText(), StringComparison.Ordinal);
        }

        Assert.False(listener.Pending(), "no process was to connect to what a tenant named");
    }

    /// <summary>A start that is accepted and fails.</summary>
    private async Task<string> FailAsync(RockCaller caller, params (string Field, object? Value)[] more)
    {
        var id = _sandboxes.Named(caller);
        var answer = await caller.StartAsync(id, more);
        Assert.True(answer.GetProperty("status").GetString() is "Success", $"the start was to be accepted: {answer}");
        var last = default(JsonElement);
        await Wait.UntilAsync(
            async () => (last = await caller.StatusAsync(id)).GetProperty("state").GetString() is not "pending",
            () => $"{id} fails: {last}");
        Assert.True(last.GetProperty("state").GetString() is "stopped", $"{id} was to fail: {last}");
        return id;
    }

    [GeneratedRegex(@"the container engine refused it \(the node's log has the reason, under ([0-9a-f]{12})\)")]
    private static partial Regex Reference();
}
