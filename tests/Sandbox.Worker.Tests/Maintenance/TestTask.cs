using Sandbox.Contracts.Cluster;
using Sandbox.Node.Maintenance;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>A task that does what the test says, and counts its runs.</summary>
internal sealed class TestTask(string name) : IMaintenanceTask
{
    private int _begun;
    private int _atOnce;

    public string Name => name;

    public int Begun => Volatile.Read(ref _begun);

    /// <summary>The most that ran at the same time.</summary>
    public int MostAtOnce { get; private set; }

    public Func<Action<string>, CancellationToken, Task<string>> Work { get; set; } = (_, _) => Task.FromResult("done");

    public async Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken)
    {
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _atOnce));
        Interlocked.Increment(ref _begun);
        try
        {
            return await Work(progress, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _atOnce);
        }
    }
}
