using System.Diagnostics;
using System.Text.Json;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Runs;

/// <summary>The checkpoints that make a cluster, on this machine alone: a head and no worker.</summary>
public sealed class ClusterPlaybookTests
{
    private const string Image = "sandbox-cluster:latest";

    /// <summary>Nothing answers there, so that it is neither pulled nor waited for.</summary>
    private const string NoImage = "127.0.0.1:1/none:1";

    private static readonly string[] Ports =
    [
        "postgres_port", "redis_port", "health_port", "api_port", "prometheus_port", "grafana_port", "node_port", "head_port",
        "dashboard_port", "client_port", "node_exporter_port", "container_metrics_port", "api_internal_port", "health_internal_port",
        "node_internal_port",
    ];

    private readonly string _cluster = $"t{Guid.NewGuid():N}"[..12];

    [NeedsDockerFact]
    [Trait("Row", "10")]
    [Trait("Row", "11")]
    [Trait("Row", "12")]
    public async Task Cluster_OnOneMachine_IsStartedWatchedAndUsed()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ansible-playbook"), "Ansible is not installed");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "the checkpoints need root on the machine");
        var recipe = await DockerAsync("image", "inspect", "--format", "{{ index .Config.Labels \"sandbox.aspire/base\" }}", Image);
        Assert.SkipUnless(recipe.StartsWith('3'), $"{Image} is missing or too old (sandbox image cluster)");
        var ports = string.Join(' ', Ports.Select(port => $"{port}={ReservedPorts.Next()}"));
        using var rollout = new RolloutOfOneMachine(
            variables: $"cluster_id={_cluster} cluster_image={Image} {ports} "
                + $"prometheus_image={NoImage} grafana_image={NoImage} node_exporter_image={NoImage}");
        try
        {
            await DeployAsync(rollout);
            await MonitorAsync(rollout);
            await ValidateAsync(rollout);
        }
        finally
        {
            await CleanUpAsync(rollout);
        }

        Assert.Equal("", await DockerAsync("ps", "--all", "--quiet", "--filter", $"label=sandbox.aspire/cluster={_cluster}"));
        Assert.False(Directory.Exists($"/var/lib/sandbox-cluster/{_cluster}"), "the cleanup was to remove what the checkpoints made");
    }

    private async Task DeployAsync(RolloutOfOneMachine rollout)
    {
        var (deployed, output) = await RunAsync(rollout, "cluster-deployment");
        var services = deployed.GetProperty("ray_containers").EnumerateArray().Select(one => one.GetString()!.Split(' ')[0].Split('-')[1]);
        Assert.Equal(["api", "health", "node", "postgres", "redis"], services);
        Assert.Equal("here: alive", Assert.Single(deployed.GetProperty("cluster_status").EnumerateArray()).GetString());
        var secret = await File.ReadAllTextAsync($"/etc/sandbox-cluster/{_cluster}/secrets/api-key");
        Assert.True(secret.Length == 64, "the API's key was to be made");
        Assert.DoesNotContain(output, line => line.Contains(secret, StringComparison.Ordinal));

        var (_, again) = await RunAsync(rollout, "cluster-deployment");

        Assert.DoesNotContain(again, IsChange);
    }

    private static async Task MonitorAsync(RolloutOfOneMachine rollout)
    {
        var (monitored, _) = await RunAsync(rollout, "monitoring-deployment", RecordStatus.Skipped);
        var expected = await CanDownloadAsync("prometheus") ? "HEALTHY" : "SKIPPED";
        Assert.Equal(expected, monitored.GetProperty("prometheus_status").GetString());
        Assert.Equal(expected, monitored.GetProperty("node_exporter_status").GetString());
        Assert.Equal("HEALTHY", monitored.GetProperty("cadvisor_status").GetString());
        Assert.Equal("SKIPPED", monitored.GetProperty("grafana_status").GetString());
        Assert.Contains(
            monitored.GetProperty("skipped").EnumerateArray(),
            why => why.GetString()!.StartsWith($"grafana: the image {NoImage} is neither", StringComparison.Ordinal));

        var (_, again) = await RunAsync(rollout, "monitoring-deployment", RecordStatus.Skipped);

        Assert.DoesNotContain(again, IsChange);
    }

    private static async Task ValidateAsync(RolloutOfOneMachine rollout)
    {
        var (validated, output) = await RunAsync(rollout, "final-validation");
        var use = Assert.Single(validated.GetProperty("ray_workload_test").EnumerateArray());
        Assert.Equal(
            ("PASSED", "here", "42"),
            (use.GetProperty("status").GetString(), use.GetProperty("node").GetString(), use.GetProperty("output").ToString()));
        Assert.DoesNotContain(output, IsChange);
        using var report = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(rollout.StatePath, "final-validation-report.json")));
        Assert.Equal("PASSED", report.RootElement.GetProperty("status").GetString());
        Assert.Contains(
            "**PASSED**", await File.ReadAllTextAsync(Path.Combine(rollout.StatePath, "final-validation-report.md")),
            StringComparison.Ordinal);
    }

    private static async Task<(JsonElement Detail, List<string> Output)> RunAsync(
        RolloutOfOneMachine rollout, string name, RecordStatus expected = RecordStatus.Passed)
    {
        var ended = await rollout.RunAsync(CheckpointCatalog.Find(name)!);

        var output = (await rollout.Store.OutputAsync(ended.Id, 0, 10_000, default)).Select(line => line.Text).ToList();
        Assert.True(
            ended.State is ExecutionState.Completed, $"{name} was to complete: {ended.Error}\n{string.Join('\n', output.TakeLast(40))}");
        var record = (await rollout.Store.RecordsAsync(default)).Single(one => one.Checkpoint == name);
        Assert.True(record.Status == expected, $"the record of {name} was to be {expected}: {record.Status}, {record.Detail}");
        return (record.Detail, output);
    }

    private static async Task CleanUpAsync(RolloutOfOneMachine rollout)
    {
        var cleanup = CheckpointCatalog.Find("cleanup-existing")!;
        await rollout.ApproveAsync(cleanup);
        await rollout.RunAsync(cleanup);
    }

    private static bool IsChange(string line) => line.StartsWith("changed: ", StringComparison.Ordinal);

    private static async Task<bool> CanDownloadAsync(string package)
    {
        using var apt = Process.Start(new ProcessStartInfo("apt-get", ["download", "--print-uris", package])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await Task.WhenAll(apt.StandardOutput.ReadToEndAsync(), apt.StandardError.ReadToEndAsync());
        await apt.WaitForExitAsync();
        return apt.ExitCode == 0;
    }

    private static async Task<string> DockerAsync(params string[] arguments)
    {
        using var docker = Process.Start(new ProcessStartInfo("docker", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = docker.StandardOutput.ReadToEndAsync();
        await docker.StandardError.ReadToEndAsync();
        await docker.WaitForExitAsync();
        return (await output).Trim();
    }
}
