using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Lifecycle;
using Sandbox.Worker.Cluster;
using Sandbox.Worker.Tests.Running;
using Sandbox.Worker.Upkeep;

namespace Sandbox.Worker.Tests.Upkeep;

public sealed class LastRoundTests : LocalWorkerTests
{
    [Theory]
    [InlineData(true, SandboxState.Stopped)]
    [InlineData(false, SandboxState.Running)]
    public async Task Node_ThatEnds_EndsItsSandboxesOnlyWhereItIsTold(bool isTold, SandboxState expected)
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        var last = ActivatorUtilities.CreateInstance<LastRound>(Worker.Get<IServiceProvider>(), Options.Create(new NodeOptions { EndsSandboxes = isTold }));

        await last.StopAsync(CancellationToken.None);

        Assert.Equal(isTold, ProcessesOf(record.Incarnation).Count == 0);
        var after = isTold
            ? await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped")
            : await Worker.Records.FindAsync(record.Id, CancellationToken.None);
        Assert.Equal(expected, after?.State);
        Assert.True(FolderOf(record.Incarnation).Exists, "its files are kept, and it can be restarted");
    }
}
