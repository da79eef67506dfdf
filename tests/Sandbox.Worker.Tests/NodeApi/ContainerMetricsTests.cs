using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;

namespace Sandbox.Worker.Tests.NodeApi;

public sealed class ContainerMetricsTests
{
    [Fact]
    public void Text_OfANodeWithTwoSandboxes_HasEachMetricOfEach()
    {
        var one = new SandboxUsageSample("one", "red", 1, 1.5, 2000)
        {
            NetworkReceivedBytes = 3,
            NetworkSentBytes = 4,
            DiskReadBytes = 5,
            DiskWrittenBytes = 6,
        };
        var node = new NodeUsageSample("n1", 1, 9, 2, 10, 20, [one, new SandboxUsageSample("two", "blue", 1, 0.25, 7)]);

        var lines = ContainerMetricsEndpoint.TextOf(node).Split('\n');

        Assert.Equal(
            [
                "machine_cpu_cores 2", "machine_memory_bytes 20",
                "container_cpu_usage_seconds_total{name=\"one\"} 1.5", "container_cpu_usage_seconds_total{name=\"two\"} 0.25",
                "container_memory_working_set_bytes{name=\"one\"} 2000", "container_memory_working_set_bytes{name=\"two\"} 7",
                "container_network_receive_bytes_total{name=\"one\"} 3", "container_network_receive_bytes_total{name=\"two\"} 0",
                "container_network_transmit_bytes_total{name=\"one\"} 4", "container_network_transmit_bytes_total{name=\"two\"} 0",
                "container_fs_reads_bytes_total{name=\"one\"} 5", "container_fs_reads_bytes_total{name=\"two\"} 0",
                "container_fs_writes_bytes_total{name=\"one\"} 6", "container_fs_writes_bytes_total{name=\"two\"} 0",
            ],
            lines.Where(line => line.Length > 0 && line[0] != '#'));
        Assert.DoesNotContain(lines, line => line.Contains("red", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("127.0.0.1:8081", true)]
    [InlineData("127.0.0.1:0", false)]
    [InlineData("8081", false)]
    [InlineData("machine:8081", false)]
    public void Address_ThatIsNone_IsRefusedAtTheStart(string address, bool isGood)
    {
        var checks = new NodeChecks().Validate(Options.DefaultName, new NodeOptions { ContainerMetrics = address });

        Assert.True(checks.Succeeded == isGood, $"'{address}' was to be {(isGood ? "taken" : "refused")}: {checks.FailureMessage}");
    }
}
