using System.Text.Json.Nodes;
using Sandbox.ClusterFile.Compose;

namespace Sandbox.Cli.Tests.Clusters;

/// <summary>The verbs of <c>sandbox cluster</c> that need no engine.</summary>
public sealed class ClusterCommandTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly CliProgram _cli = new();

    [Fact]
    public async Task Init_InAnEmptyFolder_MakesAFileThatCanBeUsed()
    {
        (await _cli.RunAsync("cluster", "init")).Expect(0);
        var generated = (await _cli.RunAsync("cluster", "generate")).Expect(0);

        Assert.Contains("compose.yaml", generated.Output, StringComparison.Ordinal);
        Assert.NotNull(JsonNode.Parse(File.ReadAllText(_cli.File("cluster.schema.json")))!["properties"]!["nodes"]);
        Assert.All(
            [".env", ".cluster/compose.yaml", ".cluster/cluster-test.compose.yaml", ".cluster/secrets.json"],
            name => Assert.Equal(OwnerOnly, File.GetUnixFileMode(_cli.File(name))));
    }

    [Fact]
    public async Task Init_WhereAFileIs_LeavesItUnlessForced()
    {
        (await _cli.RunAsync("cluster", "init")).Expect(0);
        var password = File.ReadAllText(_cli.File(".env"));
        File.WriteAllText(_cli.File("cluster.yaml"), "mine");

        var refused = (await _cli.RunAsync("cluster", "init")).Expect(1);
        Assert.Contains("is there already; --force writes it anew", refused.Error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_cli.File("cluster.yaml")));

        (await _cli.RunAsync("cluster", "init", "--force")).Expect(0);
        Assert.Contains("head_whitelist", File.ReadAllText(_cli.File("cluster.yaml")), StringComparison.Ordinal);
        Assert.Equal(password, File.ReadAllText(_cli.File(".env")));
    }

    [Fact]
    public async Task Generate_Twice_WritesTheSame()
    {
        (await _cli.RunAsync("cluster", "init")).Expect(0);

        (await _cli.RunAsync("cluster", "generate")).Expect(0);
        var first = File.ReadAllText(_cli.File(".cluster/compose.yaml"));
        (await _cli.RunAsync("cluster", "generate")).Expect(0);

        Assert.Equal(first, File.ReadAllText(_cli.File(".cluster/compose.yaml")));
    }

    [Fact]
    public async Task Generate_OfAClusterFile_WritesTheTextThatAPublishWrites()
    {
        (await _cli.RunAsync("cluster", "init")).Expect(0);
        File.AppendAllText(_cli.File("cluster.yaml"), $"volumes: {{ node_data: {_cli.File("nodes")} }}\n");
        (await _cli.RunAsync("cluster", "generate")).Expect(0);

        var published = await PublishedCluster.WriteAsync(
            _cli.File("cluster.yaml"), _cli.File("published"), TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(File.ReadAllText(_cli.File(".cluster/compose.yaml")), File.ReadAllText(published));
        File.Move(_cli.File("published/cluster.yaml"), _cli.File("cluster.yaml"), overwrite: true);
        File.Move(_cli.File("published/.env"), _cli.File(".env"), overwrite: true);
        (await _cli.RunAsync("cluster", "generate")).Expect(0);
        Assert.Equal(File.ReadAllText(_cli.File(".cluster/compose.yaml")), File.ReadAllText(published));
    }

    [Fact]
    public async Task Up_OfAServiceThatIsNotThere_NamesThoseThatAre()
    {
        (await _cli.RunAsync("cluster", "init")).Expect(0);

        var refused = (await _cli.RunAsync("cluster", "up", "-d", "nobody")).Expect(2);

        Assert.Contains(
            "there is no service nobody; there are postgres, redis, health, api, node-cpu", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schema_Printed_IsJson() =>
        Assert.Equal(
            "cluster.yaml", (string?)JsonNode.Parse((await _cli.RunAsync("cluster", "schema", "--print")).Expect(0).Output)!["title"]);

    [Fact]
    public async Task Verbs_WithoutAFile_SayHowOneIsMade()
    {
        foreach (var verb in new[] { "generate", "up", "down", "ps", "status", "logs", "test" })
        {
            var refused = (await _cli.RunAsync("cluster", verb)).Expect(1);

            Assert.Contains("; `sandbox cluster init` makes one", refused.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task BadFile_IsRefusedWithEveryProblemInOneLine()
    {
        File.WriteAllText(_cli.File("cluster.yaml"), "project: { name: Demo, version: 1 }\nservices: { health: { port: 80 } }\n");

        var refused = (await _cli.RunAsync("cluster", "generate")).Expect(1);

        Assert.StartsWith("sandbox: 2 problems: project.name: must be ", refused.Error, StringComparison.Ordinal);
        Assert.Contains("services.health.port: must be a port from 1024 to 65535, not 80", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Test_AskedForWhatCannotBe_IsRefused()
    {
        (await _cli.RunAsync("cluster", "init")).Expect(0);
        File.AppendAllText(_cli.File("cluster.yaml"), "host: { has_gpu: false, ip_address: 192.0.2.7 }\n");

        Assert.Contains(
            "only one of --up, --down", (await _cli.RunAsync("cluster", "test", "--up", "--down")).Expect(2).Error,
            StringComparison.Ordinal);
        Assert.Contains(
            "--head takes HOST:PORT, not 'node-cpu'", (await _cli.RunAsync("cluster", "test", "--head", "node-cpu")).Expect(2).Error,
            StringComparison.Ordinal);
        Assert.Contains(
            "target gpu needs a host with GPUs", (await _cli.RunAsync("cluster", "test", "--target", "gpu")).Expect(1).Error,
            StringComparison.Ordinal);
        (await _cli.RunAsync("cluster", "test", "--target", "tpu")).Expect(2);
    }

    [Fact]
    public async Task Test_WithAHead_PutsItIntoTheFile()
    {
        (await _cli.RunAsync("cluster", "init")).Expect(0);
        File.AppendAllText(_cli.File("cluster.yaml"), "host: { has_gpu: false, ip_address: 192.0.2.7 }\n");

        var hinted = (await _cli.RunAsync("cluster", "test", "--head", "node-gpu:6391")).Expect(0);

        Assert.Contains("`sandbox cluster test --up` starts it", hinted.Output, StringComparison.Ordinal);
        Assert.Contains(
            "HEAD_ADDRESS: \"node-gpu:6391\"", File.ReadAllText(_cli.File(".cluster/cluster-test.compose.yaml")), StringComparison.Ordinal);
    }

    public void Dispose() => _cli.Dispose();
}
