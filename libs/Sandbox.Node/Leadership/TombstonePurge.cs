using Sandbox.Node.Leases;

namespace Sandbox.Node.Leadership;

/// <summary>Removes what was deleted so long ago that it is not asked for any more, a little at a time.</summary>
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
