using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Usage;

/// <summary>
/// Measures what this node and its sandboxes use, when it is asked and for all of them at once. A caller that asks meanwhile or
/// shortly after gets the same answer: however many look, measuring takes no more than a tenth of the time.
/// </summary>
/// <param name="running">The sandboxes that run here now.</param>
internal sealed partial class NodeUsageMeter(
    Func<IReadOnlyList<SandboxInstance>> running, DeploymentSet deployments, NodeIdentity node, TimeProvider time,
    ILogger<NodeUsageMeter> logger) : INodeUsage
{
    private const int AtOnce = 4;
    private const int Share = 10;

    private static readonly TimeSpan FreshAtLeast = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private Task<NodeUsageSample>? _taking;
    private (NodeUsageSample Use, long At, TimeSpan Took)? _last;

    public async Task<IReadOnlyList<NodeUsageSample>> ReadAsync(CancellationToken cancellationToken) =>
        [await TakeAsync().WaitAsync(cancellationToken)];

    private Task<NodeUsageSample> TakeAsync()
    {
        lock (_lock)
        {
            if (_taking is { IsCompleted: false } taking)
            {
                return taking;
            }

            if (_last is { } last && time.GetElapsedTime(last.At) < Longest(FreshAtLeast, last.Took * Share))
            {
                return Task.FromResult(last.Use);
            }

            // Beside the caller that asked first: that one may leave, and others share the answer.
            return _taking = Task.Run(MeasureAsync);
        }
    }

    private async Task<NodeUsageSample> MeasureAsync()
    {
        var begun = time.GetTimestamp();
        var machine = MachineUsage.Read();
        var at = Now();
        var sandboxes = new List<SandboxUsageSample>();
        await Parallel.ForEachAsync(running(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (sandbox, token) =>
        {
            if (await MeasureAsync(sandbox, token) is { } use)
            {
                lock (sandboxes)
                {
                    sandboxes.Add(use);
                }
            }
        });

        var measured = new NodeUsageSample(
            node.Name, at, machine.CpuSeconds, Environment.ProcessorCount, machine.MemoryBytes, machine.MemoryTotalBytes, sandboxes);
        lock (_lock)
        {
            _last = (measured, time.GetTimestamp(), time.GetElapsedTime(begun));
        }

        return measured;
    }

    /// <summary>Null: it cannot be told now.</summary>
    private async Task<SandboxUsageSample?> MeasureAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return await deployments[sandbox.Spec.Deployment].UseAsync(sandbox.Incarnation, cancellationToken) is { } use
                ? new SandboxUsageSample(sandbox.Id.ToString(), sandbox.Tenant, Now(), use.CpuSeconds, use.MemoryBytes)
                {
                    NetworkReceivedBytes = use.NetworkReceivedBytes,
                    NetworkSentBytes = use.NetworkSentBytes,
                    DiskReadBytes = use.DiskReadBytes,
                    DiskWrittenBytes = use.DiskWrittenBytes,
                }
                : null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.NotTold(logger, sandbox.Id, exception.Message);
            return null;
        }
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static TimeSpan Longest(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static partial class Log
    {
        [LoggerMessage(4501, LogLevel.Debug, "The engine does not say what sandbox {SandboxId} uses: {Reason}")]
        public static partial void NotTold(ILogger logger, SandboxId sandboxId, string reason);
    }
}
