using Sandbox.ClusterFile.Reading;
using Sandbox.Testing;

namespace Sandbox.ClusterFile.Tests;

public sealed class ReadingTests
{
    [Fact]
    public void Least_Read_HasTheDefaults()
    {
        var settings = Given.Good(Given.Reading(Given.Least));

        Assert.Equal("172.28.0.0/16", settings.Network.Subnet);
        Assert.Equal("172.30.0.0/24", settings.ClusterTest.TestNetworkSubnet);
        Assert.Equal((6390, 6379), (settings.Services.Nodes.Cpu.HeadPort, settings.Services.Nodes.Cpu.ContainerHeadPort));
        Assert.Equal((6391, 6380), (settings.Services.Nodes.Gpu.HeadPort, settings.Services.Nodes.Gpu.ContainerHeadPort));
        Assert.Equal((8888, 6381, 5433), (settings.Services.Health.Port, settings.Services.Redis.Port, settings.Services.Postgres.Port));
        Assert.Equal(["node-cpu", "node-gpu"], settings.Nodes.HeadWhitelist);
        Assert.Equal(
            (1.0, 3, 0.5),
            (settings.Nodes.HealthService.Timeout, settings.Nodes.HealthService.MaxRetries, settings.Nodes.HealthService.RetryInterval));
        Assert.Equal((5.0, 30), (settings.Nodes.Cluster.DiscoveryTimeout, settings.Nodes.Cluster.WaitForHead));
        Assert.Null(settings.Host.HasGpu);
    }

    /// <summary>Each source alone, and each pair of adjacent ones: the upper one wins.</summary>
    [Theory]
    [InlineData(false, false, false, 8888)]
    [InlineData(false, false, true, 9001)]
    [InlineData(false, true, false, 9002)]
    [InlineData(false, true, true, 9002)]
    [InlineData(true, false, false, 9003)]
    [InlineData(true, true, false, 9003)]
    [InlineData(true, true, true, 9003)]
    public void Sources_InOrder_EnvironmentThenDotEnvThenFileThenDefault(bool environment, bool dotEnv, bool file, int port)
    {
        var yaml = Given.Least + (file ? "  health: { port: 9001 }\n" : "");

        var reading = Given.Reading(
            yaml,
            dotEnv ? "SANDBOX_CLUSTER__services__health__port=9002" : null,
            environment ? [("SANDBOX_CLUSTER__SERVICES__HEALTH__PORT", "9003")] : []);

        Assert.Equal(port, Given.Good(reading).Services.Health.Port);
    }

    [Fact]
    public void DotEnv_WithQuotesCommentsAndOtherNames_IsRead()
    {
        const string Text = """
            # of this machine
            export SANDBOX_CLUSTER__host__hostname="my host"

            OTHER=1
            SANDBOX_CLUSTER__host__gpu_type='l40s' 
            SANDBOX_CLUSTER__nodes__head_whitelist=node-cpu:6379, node-gpu # both
            """;

        var settings = Given.Good(Given.Reading(Given.Least, Text));

        Assert.Equal("my host", settings.Host.Hostname);
        Assert.Equal("l40s", settings.Host.GpuType);
        Assert.Equal(["node-cpu:6379", "node-gpu"], settings.Nodes.HeadWhitelist);
    }

    [Theory]
    [InlineData("plain-12_./:@%+,", "X=plain-12_./:@%+,\n")]
    [InlineData("", "X=''\n")]
    [InlineData("a;b c$d \"e\" #f", "X='a;b c$d \"e\" #f'\n")]
    [InlineData("it's $5", "X=\"it's \\$5\"\n")]
    [InlineData("a\\nb", "X=\"a\\\\nb\"\n")]
    [InlineData("ends with \\", "X=\"ends with \\\\\"\n")]
    [InlineData("two\nlines", "X=\"two\\nlines\"\n")]
    public void DotEnv_ThatWasWritten_IsReadAsWhatItWas(string value, string expected)
    {
        var problems = new List<string>();

        var text = DotEnv.Write([new("X", value)]);

        Assert.Equal(expected, text);
        Assert.Equal([new KeyValuePair<string, string>("X", value)], DotEnv.Parse(text, ".env", problems));
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("project:\n  name: demo\n  name: other\n", "cluster.yaml line 3: ")]
    [InlineData("project: {}\nnodes: \"open\n", "cluster.yaml line 2: ")]
    [InlineData("project:\n  name: [unclosed\nnodes: {}\n", "cluster.yaml: is not YAML; is a bracket or a quote not closed?")]
    [InlineData("- a\n- b\n", "cluster.yaml: must hold one document with sections, such as project: and nodes:")]
    public void Yaml_ThatIsNone_IsRefusedWithItsLine(string yaml, string problem) =>
        Assert.StartsWith(problem, Assert.Single(Given.Reading(yaml).Problems), StringComparison.Ordinal);

    [Fact]
    public void EmptyFile_SaysWhatIsMissing() => Assert.Equal(
        ["project.name: must not be empty", "project.version: must not be empty"], Given.Reading("").Problems);

    [Fact]
    public void Problems_AreToldAllAtOnce()
    {
        var problems = Given.Reading("""
            project: { name: Demo, version: 1 }
            network: 172.28.0.0/16
            services:
              helth: { port: 1 }
              health: { port: 80, enabled: perhaps }
            """, "not a line").Problems;

        Assert.Collection(
            problems,
            one => Assert.Equal(".env line 1: is not NAME=value", one),
            one => Assert.Equal("network: must be a section (cluster.yaml line 2)", one),
            one => Assert.Equal(
                "services.helth: is not known here; known are nodes, health, api, redis, postgres (cluster.yaml line 4)", one),
            one => Assert.Equal("services.health.enabled: must be true or false, not 'perhaps' (cluster.yaml line 5)", one),
            one => Assert.StartsWith("project.name: must be 1 to 40 lower-case letters", one, StringComparison.Ordinal),
            one => Assert.Equal("services.health.port: must be a port from 1024 to 65535, not 80", one));
    }

    [Fact]
    public void Variable_ThatLeadsIntoAValue_IsRefused() => Assert.Equal(
        ["SANDBOX_CLUSTER__project__name__x: leads into a value that has no parts"], Given.With(("project.name.x", "1")).Problems);

    [Fact]
    public void Variable_ThatNamesNoSetting_IsRefused() => Assert.StartsWith(
        "services.health.prt: is not known here; known are enabled, port (SANDBOX_CLUSTER__services__health__prt)",
        Assert.Single(Given.With(("services.health.prt", "1")).Problems), StringComparison.Ordinal);

    [Fact]
    public void Section_ThatIsEmpty_LeavesTheDefaults() =>
        Assert.Equal(30, Given.Good(Given.Reading(Given.Least + "nodes:\n  cluster:\n  head_address: ~\n")).Nodes.Cluster.WaitForHead);

    [Fact]
    public void File_ThatIsMissing_SaysHowOneIsMade()
    {
        using var folder = new TempFolder();

        var reading = ClusterFileReader.Read(folder.File("cluster.yaml"), []);

        Assert.Equal([$"there is no {folder.File("cluster.yaml")}; `sandbox cluster init` makes one"], reading.Problems);
    }

    [Fact]
    public void File_WithDotEnvBesideIt_IsReadWithIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("cluster.yaml"), Given.Least);
        File.WriteAllText(folder.File(".env"), "SANDBOX_CLUSTER__services__health__port=9002\n");

        Assert.Equal(9002, Given.Good(ClusterFileReader.Read(folder.File("cluster.yaml"), [])).Services.Health.Port);
    }

    [Fact]
    public void LegacyFile_IsRefusedWithWhatToDo()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("cluster.yaml"), Given.Least);
        File.WriteAllText(folder.File("nodes.yaml"), "head_whitelist: [node-cpu]\n");

        var problem = Assert.Single(ClusterFileReader.Read(folder.File("cluster.yaml"), []).Problems);

        Assert.Equal(
            $"nodes.yaml in {folder.Path} is not read any more: move its contents below nodes: in cluster.yaml, and remove it", problem);
    }

    [Fact]
    public void Example_NeedsOnlyAPassword()
    {
        Assert.Equal(
            ["services.postgres.password: must be set, best in .env (`sandbox cluster init` makes one)"],
            Given.Reading(ClusterExample.Read()).Problems);
        Given.Good(Given.Reading(ClusterExample.Read(), $"SANDBOX_CLUSTER__services__postgres__password={Given.Password}"));
    }

    [Fact]
    public void Process_ThatIsToldOfAFile_TakesItsDecisionFromIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(
            folder.File("cluster.yaml"), Given.Least + "nodes: { head_whitelist: [node-gpu, node-cpu], cluster: { wait_for_head: 7 } }\n");

        var settings = ClusterFileReader.ForProcess(folder.File("cluster.yaml"));

        Assert.Equal(("node-gpu node-cpu", "7", "demo"), (settings["HEAD_WHITELIST"], settings["WAIT_FOR_HEAD"], settings["Cluster:Id"]));
        Assert.Empty(ClusterFileReader.ForProcess(null));
    }

    [Fact]
    public void Process_ThatIsToldOfABadFile_RefusesIt() => Assert.StartsWith(
        "CLUSTER_FILE: there is no /nowhere/cluster.yaml; ",
        Assert.Throws<ClusterFileException>(() => ClusterFileReader.ForProcess("/nowhere/cluster.yaml")).Message, StringComparison.Ordinal);
}
