using Docker.DotNet.Models;
using Sandbox.Deployments.Docker;

namespace Sandbox.Worker.Tests.Docker;

public sealed class ContainerUsageTests
{
    /// <summary>The two versions of control groups name what is read and written in letters of different size.</summary>
    [Theory]
    [InlineData("Read", "Write")]
    [InlineData("read", "write")]
    public void Usage_OfAContainer_SumsUpItsNetworksAndDisks(string read, string write)
    {
        var stats = new ContainerStatsResponse
        {
            CPUStats = new CPUStats { CPUUsage = new CPUUsage { TotalUsage = 2_500_000_000 } },
            MemoryStats = new MemoryStats { Usage = 1000, Stats = new Dictionary<string, ulong> { ["inactive_file"] = 300 } },
            Networks = new Dictionary<string, NetworkStats>
            {
                ["eth0"] = new() { RxBytes = 10, TxBytes = 20 },
                ["eth1"] = new() { RxBytes = 1, TxBytes = 2 },
            },
            BlkioStats = new BlkioStats
            {
                IoServiceBytesRecursive =
                [
                    new BlkioStatEntry { Op = read, Value = 100 }, new BlkioStatEntry { Op = write, Value = 200 },
                    new BlkioStatEntry { Op = read, Value = 1 }, new BlkioStatEntry { Op = "Total", Value = 301 },
                ],
            },
        };

        var usage = ContainerUsage.Of(stats);

        Assert.NotNull(usage);
        Assert.Equal((2.5, 700), (usage.CpuSeconds, usage.MemoryBytes));
        Assert.Equal((11, 22), (usage.NetworkReceivedBytes, usage.NetworkSentBytes));
        Assert.Equal((101, 200), (usage.DiskReadBytes, usage.DiskWrittenBytes));
    }
}
