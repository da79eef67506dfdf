using Sandbox.Domain.Stores;
using Sandbox.Testing;

namespace Sandbox.Chaos.Tests.Mutants;

/// <summary>Two users restart a stopped sandbox at the same moment: both have read it and decided before either writes.</summary>
public sealed class CompareAndSetTests
{
    [NeedsDockerFact]
    public async Task CompareAndSet_Kept_OneRestartIsRefused()
    {
        await using var cluster = await RaceAsync(isMutant: false);
        await cluster.MustComeToOrderAsync();
    }

    [NeedsDockerFact]
    public async Task CompareAndSet_Off_IsCaught()
    {
        await using var cluster = await RaceAsync(isMutant: true);

        var verdict = await cluster.JudgeAsync();

        Assert.Contains("EventsAreEffectiveOnce", verdict.Broken);
        Assert.Contains("HistoriesAreLegal", verdict.Broken);
    }

    private static async Task<SmallCluster> RaceAsync(bool isMutant)
    {
        var race = new Race();
        var cluster = await SmallCluster.StartAsync(
            api: services => services.DecorateRecords((_, store) => (method, arguments, pass) =>
            method == nameof(ISandboxStore.TryTransitionAsync) && race.IsOn
                ? race.EnterAsync(() => isMutant ? OverwriteAsync(store, (SandboxTransition)arguments[0]!) : (Task<bool>)pass()!)
                : pass()));
        await cluster.RunBoxAsync();
        await cluster.One.ExecuteAsync(SmallCluster.Box);
        await cluster.One.StopAsync(SmallCluster.Box);

        race.IsOn = true;
        await Task.WhenAll(cluster.One.RestartAsync(SmallCluster.Box), cluster.Other.RestartAsync(SmallCluster.Box));
        race.IsOn = false;
        await cluster.UntilAsync("running");
        return cluster;
    }

    /// <summary>Writes over whatever the record is by now.</summary>
    private static async Task<bool> OverwriteAsync(ISandboxStore store, SandboxTransition transition)
    {
        var current = (await store.FindAsync(transition.Next.Id, CancellationToken.None))!;
        var version = current.Version + 1;
        return await store.TryTransitionAsync(
            transition with
            {
                From = current,
                Next = transition.Next with { Version = version },
                Job = transition.Job! with { SandboxVersion = version },
            },
            CancellationToken.None);
    }

    /// <summary>The first two writers wait for each other, and then write one after the other.</summary>
    private sealed class Race
    {
        private readonly TaskCompletionSource _both = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Task _last = Task.CompletedTask;
        private int _arrived;

        public bool IsOn { get; set; }

        public async Task<bool> EnterAsync(Func<Task<bool>> write)
        {
            if (Interlocked.Increment(ref _arrived) == 2)
            {
                _both.SetResult();
            }

            await _both.Task;
            Task<bool> mine;
            lock (_both)
            {
                _last = mine = AfterAsync(_last, write);
            }

            return await mine;
        }

        private static async Task<bool> AfterAsync(Task before, Func<Task<bool>> write)
        {
            await before;
            return await write();
        }
    }
}
