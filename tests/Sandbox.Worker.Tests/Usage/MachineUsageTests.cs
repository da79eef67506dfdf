using Sandbox.Node.Usage;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Usage;

public sealed class MachineUsageTests : IDisposable
{
    private readonly TempFolder _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Read_CountsWhatWorksAndWhatIsTaken()
    {
        // user nice system idle iowait irq softirq steal guest guest_nice
        File.WriteAllText(_proc.File("stat"), "cpu  100 20 30 9000 500 4 6 40 99 99\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
        File.WriteAllText(
            _proc.File("meminfo"), "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nHugePages_Total:       0\n");

        Assert.Equal(new MachineUsage(2.0, 600 * 1024, 1000 * 1024), MachineUsage.Read(_proc.Path));
    }

    [Fact]
    public void Read_OfThisMachine_Grows()
    {
        var first = MachineUsage.Read();

        Assert.True(first is { CpuSeconds: > 0, MemoryBytes: > 0 } && first.MemoryBytes < first.MemoryTotalBytes, $"{first}");
        Assert.True(MachineUsage.Read().CpuSeconds >= first.CpuSeconds, "CPU time is a sum");
    }
}
