using System.Text.Json;
using Sandbox.Serving.Cml.Fake;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>The commands about a cluster on Cloudera ML, each a process of its own.</summary>
public sealed class CaiTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    [Trait("Row", "38")]
    [Trait("Row", "41")]
    [Trait("Row", "47")]
    public async Task Cluster_StartedAskedAndStopped_IsKnownToEachProcess()
    {
        await using var workspace = await FakeCml.StartAsync();
        var config = await GivenConfigAsync(workspace);

        var started = await _cli.RunAsync("serving", "start-cai", "--config", config, "--workers", "2", "--no-wait");

        Assert.True(started.ExitCode == 0, started.Error);
        Assert.Contains("head address:   ray-cluster-head.ml.example:6379", started.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(FakeCml.Key, started.Output + started.Error, StringComparison.Ordinal);
        Assert.Equal(3, workspace.Applications.Count);
        var again = await _cli.RunAsync("serving", "start-cai", "--config", config);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("started already", again.Error, StringComparison.Ordinal);

        var status = await _cli.RunAsync("serving", "status-cai", "--config", config);
        Assert.Equal(0, status.ExitCode);
        Assert.StartsWith("running at ray-cluster-head.ml.example:6379, 3 nodes\n", status.Output, StringComparison.Ordinal);
        Assert.Contains("app-3\tray-cluster-worker-1\trunning\n", status.Output, StringComparison.Ordinal);

        var stopped = await _cli.RunAsync("serving", "stop-cai", "--config", config);
        Assert.True(stopped.ExitCode == 0, stopped.Error);
        Assert.Empty(workspace.Applications);
        var none = await _cli.RunAsync("serving", "stop-cai", "--config", config);
        Assert.Equal((1, "sandbox: no cluster was started\n"), (none.ExitCode, none.Error));
        var json = await _cli.RunAsync("serving", "status-cai", "--config", config, "--json");
        Assert.Equal("not_started", JsonDocument.Parse(json.Output).RootElement.GetProperty("status").GetString());
    }

    [Theory]
    [Trait("Row", "38")]
    [InlineData("start-cai")]
    [InlineData("status-cai")]
    [InlineData("stop-cai")]
    [InlineData("deploy-cai")]
    public async Task Command_WithoutAConfig_EndsWith1(string command)
    {
        var result = await _cli.RunAsync("serving", command);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("--config is needed", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "38")]
    public async Task Command_WithAConfigThatIsWrong_EndsWith1AndNamesTheNearestKey()
    {
        var config = _cli.File("wrong.yaml");
        await File.WriteAllTextAsync(config, "cai: {host: a.example, api_key: k, project_id: p, num_worker: 2}");

        var result = await _cli.RunAsync("serving", "start-cai", "--config", config);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("is cai.num_workers meant?", result.Error, StringComparison.Ordinal);
    }

    private async Task<string> GivenConfigAsync(FakeCml workspace)
    {
        var project = workspace.GivenProject("p");
        var config = _cli.File("cluster.yaml");
        await File.WriteAllTextAsync(
            config,
            $"""
            cai:
              host: {workspace.Address}
              api_key: {FakeCml.Key}
              project_id: {project}
              runtime_identifier: image:1
              state_file: {_cli.File("state.json")}
              info_file: {_cli.File("info.json")}
            """);
        return config;
    }
}
