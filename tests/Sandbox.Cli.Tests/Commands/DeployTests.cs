using System.Text.Json;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>Rollouts from the command line, against this machine.</summary>
public sealed class DeployTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public DeployTests() => File.WriteAllText(
        _cli.File("inventory.ini"),
        """
        [head_nodes]
        here ansible_connection=local cluster_id=cli-test minimum_cores=1 minimum_memory_mb=64 minimum_disk_mb=1

        """);

    public void Dispose() => _cli.Dispose();

    [Fact]
    [Trait("Row", "1")]
    public async Task List_OfTheCheckpoints_HasTheSixWithTheirFlags()
    {
        var lines = (await _cli.RunAsync("deploy", "--list-checkpoints")).Expect(0).Output.TrimEnd().Split('\n');

        Assert.Equal(
            [
                "1 prerequisites-check - -", "2 docker-installation approval -", "3 cleanup-existing approval destructive",
                "4 cluster-deployment - -", "5 monitoring-deployment - -", "6 final-validation - -",
            ],
            lines.Select(line => string.Join(' ', line.Split('\t')[..4])));
    }

    [Theory]
    [InlineData("--checkpoint", "nope")]
    [InlineData("plan", "nope")]
    [InlineData("--deploy", "--start-from", "nope")]
    [InlineData("--checkpoint", "../../etc/passwd")]
    [Trait("Row", "2")]
    public async Task Checkpoint_ThatIsNone_EndsBeforeAnyPathIsTouched(params string[] arguments)
    {
        var ended = (await _cli.RunAsync(["deploy", .. arguments])).Expect(1);

        Assert.StartsWith(
            $"sandbox: there is no checkpoint {arguments[^1]}; there are prerequisites-check, ", ended.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_cli.DataFolder, "rollout")), "no state was to be made");
    }

    [NeedsAnsibleFact]
    [Trait("Row", "2")]
    public async Task Checkpoint_ThatWasRun_IsInStatusExecutionsAndTheAuditLog()
    {
        (await _cli.RunAsync("deploy", "--checkpoint", "prerequisites-check")).Expect(0);

        Assert.Equal(
            "prerequisites-check\tPASSED\t1/1\there=PASSED",
            (await _cli.RunAsync("deploy", "status")).Expect(0).Output.Split('\n')[0]);
        var run = Assert.Single(await ReadAsync("executions"));
        Assert.Equal("COMPLETED", run.GetProperty("status").GetString());
        var printed = (await _cli.RunAsync("deploy", "executions", run.GetProperty("execution_id").GetString()!)).Expect(0).Output;
        Assert.StartsWith("PLAY Check what each machine needs\n", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("COMPLETED", printed, StringComparison.Ordinal);
        var last = (await ReadAsync("audit"))[^1].GetProperty("hash").GetString()!;
        (await _cli.RunAsync("deploy", "audit", "verify", "--last", last)).Expect(0);
        (await _cli.RunAsync("deploy", "audit", "verify", "--last", new string('0', 64))).Expect(1);
    }

    [NeedsAnsibleFact]
    [Trait("Row", "19")]
    public async Task Approval_OfAPlan_IsRequestedGivenAndListed_AndANoEndsTheRun()
    {
        using var plan = JsonDocument.Parse(
            (await _cli.RunAsync("deploy", "plan", "cleanup-existing", "--request", "--json")).Expect(0).Output);
        var id = plan.RootElement.GetProperty("approval_id").GetString()!;
        Assert.Equal(4, plan.RootElement.GetProperty("impact_summary").GetArrayLength());

        var unknowing = (await _cli.RunAsync("deploy", "approve", id, "--reason", "planned")).Expect(1);
        Assert.Contains("--acknowledge-risks", unknowing.Error, StringComparison.Ordinal);
        (await _cli.RunAsync("deploy", "approve", id, "--reason", "planned", "--acknowledge-risks")).Expect(0);
        Assert.Equal("approved", Assert.Single(await ReadAsync("approvals")).GetProperty("state").GetString());
        (await _cli.RunAsync("deploy", "revoke", id, "--reason", "not now")).Expect(0);

        var early = (await _cli.RunAsync("deploy", "--checkpoint", "cleanup-existing")).Expect(1);
        Assert.Contains("first these must pass: prerequisites-check, docker-installation", early.Error, StringComparison.Ordinal);
        var denied = (await _cli.RunAsync("deploy", "--checkpoint", "cleanup-existing", "--force")).Expect(1);
        Assert.Contains("the plan was not approved", denied.Error, StringComparison.Ordinal);
        Assert.Empty(await ReadAsync("executions"));
    }

    private async Task<IReadOnlyList<JsonElement>> ReadAsync(string command)
    {
        using var printed = JsonDocument.Parse((await _cli.RunAsync("deploy", command, "--json")).Expect(0).Output);
        return [.. printed.RootElement.EnumerateArray().Select(row => row.Clone())];
    }
}
