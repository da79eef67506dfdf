using System.Text.Json;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;
using Sandbox.Storage;

namespace Sandbox.Cli.Tests.Commands;

/// <summary><c>sandbox validate</c>, without a server and without Ansible: from records alone.</summary>
public sealed class ValidateTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    [Trait("Row", "25")]
    public async Task Validate_OfARolloutThatPassed_TellsItInFourModesAndTwoFormats()
    {
        await WriteAsync([.. CheckpointCatalog.All.Select(checkpoint => Record(checkpoint.Name, "head", RecordStatus.Passed))]);

        var report = await JsonAsync(0);
        Assert.Equal("COMPLETED", report.GetProperty("deployment_status").GetString());
        Assert.Equal(6, report.GetProperty("completed_checkpoints").GetArrayLength());
        Assert.Equal(
            [
                "deployment: COMPLETED, 6/6 completed", "  prerequisites-check: PASSED 1/1", "  docker-installation: PASSED 1/1",
                "  cleanup-existing: PASSED 1/1", "  cluster-deployment: PASSED 1/1", "  monitoring-deployment: PASSED 1/1",
                "  final-validation: PASSED 1/1", "health: HEALTHY", "  nodes: HEALTHY, 1 live", "  monitoring: UNKNOWN",
                "  containers: 0/0 run", "  endpoints: 0/0 answer",
            ],
            await TextAsync(0));

        var one = await JsonAsync(0, "--checkpoint", "ray-deployment");
        Assert.Equal(("cluster-deployment", "PASSED"), (one.GetProperty("checkpoint").GetString(), one.GetProperty("status").GetString()));
        Assert.Equal(
            ["cluster-deployment: PASSED 1/1, passed on 1 of 1 machines", "  head: PASSED 2030-01-01T00:00:00+00:00"],
            await TextAsync(0, "-c", "cluster-deployment"));

        Assert.Equal("HEALTHY", (await JsonAsync(0, "--health-only")).GetProperty("overall_status").GetString());
        Assert.Equal("health: HEALTHY", (await TextAsync(0, "--health-only"))[0]);

        var approval = await JsonAsync(0, "--approval-check", "cleanup-existing");
        Assert.True(approval.GetProperty("approval_required").GetBoolean(), "a cleanup needs an approval");
        Assert.True(approval.GetProperty("destructive_operation").GetBoolean(), "a cleanup destroys");
        Assert.False(approval.GetProperty("approved").GetBoolean(), "nobody approved it");
        Assert.Equal(4, approval.GetProperty("impact_summary").GetArrayLength());
        Assert.Equal(
            Path.Combine(_cli.DataFolder, "rollout", "checkpoint-cleanup-existing-approved"),
            approval.GetProperty("approval_file").GetString());
        Assert.Equal(["final-validation: it needs no approval"], await TextAsync(0, "-a", "final-validation"));
    }

    [Fact]
    [Trait("Row", "25")]
    public async Task Validate_OfARolloutThatFailed_EndsWithOneWhereTheFailureIs()
    {
        await WriteAsync(
            Record("prerequisites-check", "head", RecordStatus.Passed), Record("cluster-deployment", "head", RecordStatus.Passed),
            Record("cluster-deployment", "node-1", RecordStatus.Failed, """{"error": "no space left"}"""),
            Record("final-validation", "head", RecordStatus.Failed, """{"found": {"node_type": "head"}}"""));

        Assert.Equal("FAILED", (await JsonAsync(1)).GetProperty("deployment_status").GetString());
        Assert.Equal("FAILED", (await JsonAsync(1, "--health-only")).GetProperty("overall_status").GetString());
        Assert.Equal(
            "cluster-deployment: FAILED 1/2, failed on node-1: no space left", (await TextAsync(1, "-c", "cluster-deployment"))[0]);
        await JsonAsync(0, "--checkpoint", "prerequisites-check");
        await JsonAsync(0, "--checkpoint", "monitoring-deployment");
    }

    [Fact]
    public async Task Validate_OfACheckpointThatIsNone_IsAnErrorInItsFormatAndTouchesNoPath()
    {
        var ended = (await _cli.RunAsync("validate", "--checkpoint", "../x")).Expect(1);
        using var error = JsonDocument.Parse(ended.Error);
        Assert.StartsWith("there is no checkpoint ../x;", error.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.True(error.RootElement.TryGetProperty("timestamp", out _), $"an error was to have its time: {ended.Error}");
        Assert.StartsWith(
            "sandbox: there is no checkpoint x;", (await _cli.RunAsync("validate", "-a", "x", "-f", "text")).Expect(1).Error,
            StringComparison.Ordinal);
        (await _cli.RunAsync("validate", "--format", "xml")).Expect(2);
        Assert.False(Directory.Exists(Path.Combine(_cli.DataFolder, "rollout")), "no state was to be made");
    }

    private async Task WriteAsync(params CheckpointRecord[] records)
    {
        using var store = RolloutStores.Open(StateFolder.Open(Path.Combine(_cli.DataFolder, "rollout")).Database);
        await store.WriteRecordsAsync(records, default);
    }

    private static CheckpointRecord Record(string checkpoint, string node, RecordStatus status, string detail = "{}") =>
        new(checkpoint, node, Guid.NewGuid(), status, At, JsonSerializer.Deserialize<JsonElement>(detail));

    private async Task<JsonElement> JsonAsync(int exitCode, params string[] arguments)
    {
        using var document = JsonDocument.Parse((await _cli.RunAsync(["validate", .. arguments])).Expect(exitCode).Output);
        return document.RootElement.Clone();
    }

    private async Task<string[]> TextAsync(int exitCode, params string[] arguments) =>
        (await _cli.RunAsync(["validate", .. arguments, "--format", "text"])).Expect(exitCode).Output.TrimEnd().Split('\n');
}
