using Sandbox.Testing;
using Sandbox.Worker.Uses;

namespace Sandbox.Worker.Tests.Uses;

public sealed class MachineUseTests : IDisposable
{
    private readonly TempFolder _proc = new();

    public void Dispose() => _proc.Dispose();

    [Fact]
    public void Read_CountsWhatWorksAndWhatIsTaken()
    {
        // user nice system idle iowait irq softirq steal guest guest_nice
        File.WriteAllText(_proc.File("stat"), "cpu  100 20 30 9000 500 4 6 40 99 99\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
        File.WriteAllText(_proc.File("meminfo"), "MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\nHugePages_Total:       0\n");

        Assert.Equal(new MachineUse(2.0, 600 * 1024, 1000 * 1024), MachineUse.Read(_proc.Path));
    }

    [Fact]
    public void Read_OfThisMachine_Grows()
    {
        var first = MachineUse.Read();

        Assert.True(first is { CpuSeconds: > 0, MemoryBytes: > 0 } && first.MemoryBytes < first.MemoryTotalBytes, $"{first}");
        Assert.True(MachineUse.Read().CpuSeconds >= first.CpuSeconds, "CPU time is a sum");
    }
}
