using Sandbox.Node.Leases;

namespace Sandbox.Node.Leadership;

/// <summary>Takes out what was deleted so long ago that nobody asks for it any more, a little at a time.</summary>
internal sealed class TombstonePurge(DutyRecords records) : IClusterDuty
{
    private const int Batch = 500;

    public TimeSpan Every => TimeSpan.FromMinutes(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await records.Store.PurgeAsync(Batch, cancellationToken) == Batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
