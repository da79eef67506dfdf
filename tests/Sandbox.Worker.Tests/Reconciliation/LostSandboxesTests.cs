using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Node.Membership;
using Sandbox.Node.Reconciliation;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Reconciliation;

/// <summary>A node among others judges what it remembers, with records and leases in the real store.</summary>
public sealed class LostSandboxesTests : IDisposable
{
    private readonly TempFolder _data = new();
    private readonly WorkerHost _worker;

    public LostSandboxesTests() => _worker = WorkerHost.BuildCluster(
        _data.Path, services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(TimeProvider.System.GetUtcNow())));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("node-1", SandboxState.Stopped, "it was removed")]
    [InlineData("node-2", SandboxState.Running, null)]
    public async Task Sandbox_ThatIsNotFoundHere_IsLostIfItsRecordSaysThatItRunsHere(string host, SandboxState expected, string? reason)
    {
        Assert.Null(await _worker.Get<NodeHeartbeat>().BeatAsync(Token));
        var running = await GivenRunningAsync(host);

        await _worker.Get<LostSandboxes>().JudgeAsync(running, found: null, Token);

        var judged = (await _worker.Records.FindAsync(running.Id, Token))!;
        Assert.True(
            (judged.State, judged.Reason) == (expected, reason),
            $"what runs on {host} was to be {expected} after node-1 did not find it, not {judged.State}: {judged.Reason}");
    }

    /// <summary>As after a restart of the node's process: it does not know the sandbox, and the first thing that it does is the job that
    /// the process before had begun.</summary>
    [Fact]
    public async Task Sandbox_ThatAJobWorkedOnInTheFirstRound_IsLostInTheNext()
    {
        Assert.Null(await _worker.Get<NodeHeartbeat>().BeatAsync(Token));
        var running = await GivenRunningAsync("node-1");
        using (await _worker.Get<KeyedLock<IncarnationId>>().EnterAsync(running.Incarnation, Token))
        {
            await _worker.Get<Reconciler>().RunAsync(Token);
            Assert.Equal(SandboxState.Running, (await _worker.Records.FindAsync(running.Id, Token))!.State);
        }

        await _worker.Get<Reconciler>().RunAsync(Token);

        var judged = (await _worker.Records.FindAsync(running.Id, Token))!;
        Assert.True(
            judged.State is SandboxState.Stopped,
            $"the sandbox has no process, and was to be lost as soon as no job works on it; it is {judged.State}");
    }

    public void Dispose()
    {
        _worker.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _data.Dispose();
    }

    private async Task<SandboxInstance> GivenRunningAsync(string host)
    {
        var first = WorkerHost.Prepare("box") with { HostName = host };
        var job = new StartSandboxJob { SandboxId = first.Id, SandboxVersion = first.Version, Incarnation = first.Incarnation };
        Assert.True((await _worker.Records.TryCreateAsync(first, job, Token)).TryGet(out var pending, out var error), error?.Text);
        Assert.True(SandboxTransitions.Alive(pending, first.CreatedAt).TryGet(out var alive, out error), error?.Text);
        Assert.True(await _worker.Records.TryTransitionAsync(alive, Token), "no other writer was to change it");
        return alive.Next;
    }
}
