using System.Text.Json;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>Schedules, webhooks, history and rollback of rollouts from the command line.</summary>
public sealed class DeployHistoryTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public DeployHistoryTests()
    {
        File.WriteAllText(
            _cli.File("inventory.ini"),
            """
            [head_nodes]
            here ansible_connection=local ansible_python_interpreter=/usr/bin/python3

            """);
        Directory.CreateDirectory(_cli.File("playbooks"));
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    [Trait("Row", "28")]
    public async Task Schedule_IsAddedListedPausedAndTakenOut()
    {
        (await DeployAsync("schedule", "add", "nightly", "--cron", "0 3 * * *", "--time-zone", "Europe/Berlin")).Expect(0);

        var listed = Assert.Single(await ReadAsync("schedule", "ls"));
        Assert.Equal("nightly", listed.GetProperty("name").GetString());
        Assert.False(listed.TryGetProperty("checkpoint", out _), "a schedule without a checkpoint was to be of the whole rollout");
        (await DeployAsync("schedule", "pause", "nightly")).Expect(0);
        Assert.True(Assert.Single(await ReadAsync("schedule", "ls")).GetProperty("is_paused").GetBoolean(), "it was to be paused");
        (await DeployAsync("schedule", "rm", "nightly")).Expect(0);
        Assert.Empty(await ReadAsync("schedule", "ls"));
        var refused = (await DeployAsync("schedule", "add", "other", "--cron", "never")).Expect(1);
        Assert.Contains("is no cron expression", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Webhook_WhenItIsAdded_ShowsItsSecretThatOnce()
    {
        var added = (await DeployAsync("webhook", "add", "https://example.com/hook", "--event", "approval.*")).Expect(0);

        Assert.StartsWith("whsec_", added.Output, StringComparison.Ordinal);
        var listed = Assert.Single(await ReadAsync("webhook", "ls"));
        Assert.False(listed.TryGetProperty("secret", out _), "the secret was to be shown only when the webhook is added");
        Assert.Empty(await ReadAsync("webhook", "deliveries", listed.GetProperty("webhook_id").GetString()!));
        (await DeployAsync("webhook", "rm", listed.GetProperty("webhook_id").GetString()!)).Expect(0);
        (await DeployAsync("webhook", "add", "http://127.0.0.1/hook")).Expect(1);
    }

    [NeedsAnsibleFact]
    [Trait("Row", "28")]
    public async Task Rollback_ToTheRolloutBefore_RunsWhatItRanAndIsInTheHistory()
    {
        await RollOutAsync("first");
        await RollOutAsync("second");

        (await DeployAsync("rollback", "--start-from", "final-validation", "--force")).Expect(0);

        Assert.Equal(["first", "second", "first"], await File.ReadAllLinesAsync(_cli.File("marks")));
        using var page = JsonDocument.Parse((await DeployAsync("history", "--limit", "2", "--json")).Expect(0).Output);
        var rows = page.RootElement.GetProperty("deployments").EnumerateArray().ToList();
        Assert.Equal(["COMPLETED", "COMPLETED"], rows.Select(row => row.GetProperty("status").GetString()));
        using var rest = JsonDocument.Parse((await DeployAsync(
            "history", "--after", page.RootElement.GetProperty("next").GetString()!, "--json")).Expect(0).Output);
        var first = Assert.Single(rest.RootElement.GetProperty("deployments").EnumerateArray());
        Assert.Equal(first.GetProperty("deployment_id").GetString(), rows[0].GetProperty("rollback_of").GetString());
        Assert.Equal(
            ["SKIPPED", "SKIPPED", "SKIPPED", "SKIPPED", "SKIPPED", "COMPLETED"],
            rows[0].GetProperty("checkpoints").EnumerateArray().Select(step => step.GetProperty("status").GetString()));
    }

    private async Task RollOutAsync(string mark)
    {
        await File.WriteAllTextAsync(
            _cli.File("playbooks/06-final-validation.yml"),
            $$$"""
            - name: Leave a mark
              hosts: all
              gather_facts: false
              tasks:
                - name: append
                  ansible.builtin.shell: echo {{{mark}}} >>{{{_cli.File("marks")}}}
                - name: tell
                  ansible.builtin.set_fact:
                    checkpoint_record: {mark: {{{mark}}}}
            """);
        (await DeployAsync("--deploy", "--start-from", "final-validation", "--force")).Expect(0);
    }

    private Task<CliResult> DeployAsync(params string[] arguments) =>
        _cli.RunAsync(["deploy", .. arguments, "--playbook-dir", _cli.File("playbooks")]);

    private async Task<IReadOnlyList<JsonElement>> ReadAsync(params string[] arguments)
    {
        using var printed = JsonDocument.Parse((await DeployAsync([.. arguments, "--json"])).Expect(0).Output);
        return [.. printed.RootElement.EnumerateArray().Select(row => row.Clone())];
    }
}
