using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Jobs;

namespace Sandbox.Worker.Tests.Jobs;

public sealed class NodeJobSlotsTests
{
    private readonly NodeJobSlots _slots = new(Options.Create(new WorkerOptions { Concurrency = 4 }));
    private long _jobs;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Move_WhileThereIsASlot_FreesTheOldOneAndSaysSo()
    {
        var start = Start("red");
        using var slot = _slots.Take(start);
        var freed = _slots.Freed;

        await _slots.MoveAsync(start, JobClass.Pull, Token);

        Assert.Equal((4, 3), (_slots.Current.FreeOf(JobClass.Start), _slots.Current.FreeOf(JobClass.Pull)));
        Assert.True(freed.IsCompleted, "whoever waits for a slot was to be woken");
    }

    [Fact]
    public async Task Move_BeyondTheShareOfItsTenant_KeepsItsSlotAndWaitsForTheNext()
    {
        var pulling = new List<IDisposable>();
        for (var number = 0; number < 3; number++)
        {
            var start = Start("mallory");
            pulling.Add(_slots.Take(start));
            await _slots.MoveAsync(start, JobClass.Pull, Token);
        }

        var waiting = Start("mallory");
        using var slot = _slots.Take(waiting);
        var moving = _slots.MoveAsync(waiting, JobClass.Pull, Token);
        Assert.False(moving.IsCompleted, "mallory has 3 of 4 slots, and the last is for others");
        Assert.Equal(3, _slots.Current.FreeOf(JobClass.Start));

        var red = Start("red");
        using var other = _slots.Take(red);
        await _slots.MoveAsync(red, JobClass.Pull, Token);
        other.Dispose();
        Assert.False(moving.IsCompleted, "mallory still has its share");
        pulling[0].Dispose();

        await moving.WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal((4, 1), (_slots.Current.FreeOf(JobClass.Start), _slots.Current.FreeOf(JobClass.Pull)));
        pulling.ForEach(one => one.Dispose());
    }

    [Fact]
    public async Task Move_ThatIsGivenUp_TakesNothingLater()
    {
        var held = new List<IDisposable>();
        for (var number = 0; number < 3; number++)
        {
            var start = Start("red");
            held.Add(_slots.Take(start));
            await _slots.MoveAsync(start, JobClass.Pull, Token);
        }

        using var cancelled = new CancellationTokenSource();
        var waiting = Start("red");
        using (_slots.Take(waiting))
        {
            var moving = _slots.MoveAsync(waiting, JobClass.Pull, cancelled.Token);
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => moving);
        }

        held.ForEach(one => one.Dispose());

        Assert.Equal((4, 4), (_slots.Current.FreeOf(JobClass.Start), _slots.Current.FreeOf(JobClass.Pull)));
    }

    [Fact]
    public async Task Slot_GivenBackTwice_IsFreeOnce_AndThatOfALaterAttemptIsHeld()
    {
        var first = Start("red");
        var slot = _slots.Take(first);
        using var second = _slots.Take(first with { Attempt = 2 });

        slot.Dispose();
        slot.Dispose();
        await _slots.MoveAsync(first, JobClass.Pull, Token);

        Assert.Equal((3, 4), (_slots.Current.FreeOf(JobClass.Start), _slots.Current.FreeOf(JobClass.Pull)));
    }

    private ClaimedJob Start(string tenant) => new(
        ++_jobs, new StartSandboxJob { SandboxId = SandboxId.New(), SandboxVersion = 1, Incarnation = IncarnationId.New() }, 1)
    {
        Tenant = tenant,
    };
}
