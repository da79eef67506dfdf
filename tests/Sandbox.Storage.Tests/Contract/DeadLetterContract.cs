using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>Jobs that were given up: visible, without secrets, and made jobs again on request.</summary>
public abstract class DeadLetterContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    [Fact]
    public async Task Bury_OfAJob_ShowsItWithItsReasonAndLetsTheNextCome()
    {
        var pending = await CreatedAsync(Given.Pending());
        var stopped = pending.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, stopped, Given.StopOf(stopped)), CancellationToken));
        var start = Assert.Single(await ClaimAsync());

        Assert.True(await Jobs.TryDeadLetterAsync(start, "no such image", CancellationToken));

        var letter = Assert.Single(await Jobs.DeadLettersAsync(10, CancellationToken));
        Assert.Equal((pending.Id, 1, "no such image", Given.Now), (letter.SandboxId, letter.Attempts, letter.Reason, letter.At));
        Assert.Equal(Given.StartOf(pending), letter.Job);
        Assert.IsType<StopSandboxJob>(Assert.Single(await ClaimAsync()).Job);
    }

    [Fact]
    public async Task Bury_ByAnEarlierAttempt_ChangesNothing()
    {
        await CreatedAsync(Given.Pending());
        var first = Assert.Single(await ClaimAsync());
        Assert.True(await Jobs.TryReleaseAsync(first, TimeSpan.Zero, CancellationToken));
        var second = Assert.Single(await ClaimAsync());

        Assert.False(await Jobs.TryDeadLetterAsync(first, "late", CancellationToken));

        Assert.Empty(await Jobs.DeadLettersAsync(10, CancellationToken));
        Assert.True(await Jobs.TryCompleteAsync(second, CancellationToken));
    }

    [Fact]
    public async Task DeadLetters_AreNewestFirstUpToTheLimit()
    {
        foreach (var reason in new[] { "one", "two", "three" })
        {
            await CreatedAsync(Given.Pending());
            Assert.True(await Jobs.TryDeadLetterAsync(Assert.Single(await ClaimAsync()), reason, CancellationToken));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(["three", "two"], (await Jobs.DeadLettersAsync(2, CancellationToken)).Select(letter => letter.Reason));
    }

    [Fact]
    public async Task DeadLetter_OfAStartWithAPassword_DoesNotHoldIt()
    {
        var record = Given.Pending();
        await Records.TryCreateAsync(record, Given.StartOf(record, "hunter2"), CancellationToken);

        Assert.True(await Jobs.TryDeadLetterAsync(Assert.Single(await ClaimAsync()), "gone", CancellationToken));

        await ExecuteAsync("UPDATE dead_letters SET reason = 'leaked' WHERE job LIKE '%hunter2%'");
        var letter = Assert.Single(await Jobs.DeadLettersAsync(10, CancellationToken));
        Assert.Equal("gone", letter.Reason);
        Assert.Equal(Given.StartOf(record) with { PasswordDropped = true }, letter.Job);
    }

    [Fact]
    public async Task Redrive_MakesItAJobOnce()
    {
        var record = await CreatedAsync(Given.Pending());
        Assert.True(await Jobs.TryDeadLetterAsync(Assert.Single(await ClaimAsync()), "gone", CancellationToken));
        var letter = Assert.Single(await Jobs.DeadLettersAsync(10, CancellationToken));

        Assert.True(await Jobs.TryRedriveAsync(letter.Id, CancellationToken));
        Assert.False(await Jobs.TryRedriveAsync(letter.Id, CancellationToken));

        Assert.Empty(await Jobs.DeadLettersAsync(10, CancellationToken));
        var again = Assert.Single(await ClaimAsync());
        Assert.Equal((Given.StartOf(record), 1), (again.Job, again.Attempt));
    }

    [Fact]
    public async Task Redrive_WhileAnotherJobOfTheSandboxRuns_WaitsForItsEnd()
    {
        var pending = await CreatedAsync(Given.Pending());
        Assert.True(await Jobs.TryDeadLetterAsync(Assert.Single(await ClaimAsync()), "gone", CancellationToken));
        var stopped = pending.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, stopped, Given.StopOf(stopped)), CancellationToken));
        var stop = Assert.Single(await ClaimAsync());

        Assert.True(await Jobs.TryRedriveAsync(Assert.Single(await Jobs.DeadLettersAsync(10, CancellationToken)).Id, CancellationToken));

        Assert.True((await ClaimAsync()).Count == 0, "one job of a sandbox at a time, also when an older one comes back");
        Assert.True(await Jobs.TryCompleteAsync(stop, CancellationToken));
        Assert.IsType<StartSandboxJob>(Assert.Single(await ClaimAsync()).Job);
    }

    [Theory]
    [InlineData("""{"kind":"sandbox.fly.v1","SandboxId":"x","RegistryPassword":"hunter2"}""")]
    [InlineData("""{"kind":"sandbox.start.v9","SandboxId":"x","SandboxVersion":1,"Password":"hunter2"}""")]
    [InlineData("""{"SandboxId":"x"}""")]
    [InlineData("""{"kind":"sandbox.start.v1","SandboxId":7,"RegistryPassword":"hunter2"}""")]
    [InlineData("""{"kind":"sandbox.start.v1","RegistryPassword":"hunt""")]
    [InlineData("")]
    public async Task Claim_OfAJobThatNobodyCanRead_MakesItADeadLetterAndGivesTheOthers(string text)
    {
        var strange = await CreatedAsync(Given.Pending());
        var other = await CreatedAsync(Given.Pending());
        await ExecuteAsync($"UPDATE jobs SET job = '{text}' WHERE sandbox_id = '{strange.Id}'");

        Assert.Equal(other.Id, Assert.Single(await ClaimAsync(1)).Job.SandboxId);

        await ExecuteAsync("UPDATE dead_letters SET reason = 'leaked' WHERE job LIKE '%hunt%'");
        var letter = Assert.Single(await Jobs.DeadLettersAsync(10, CancellationToken));
        Assert.Equal((strange.Id, null, 0), (letter.SandboxId, letter.Job, letter.Attempts));
        Assert.Contains("kind or version", letter.Reason, StringComparison.Ordinal);
        Assert.False(await Jobs.HasOpenAsync(strange.Id, strange.Version, CancellationToken));
    }
}
