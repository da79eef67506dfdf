using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Chaos.Tests.Mutants;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;
using Sandbox.Node.Reconciliation;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Tests.Deliveries;

/// <summary>A start is delivered again and again to nodes that share an engine, while those who had it before are asleep and do not
/// know that it is theirs no more.</summary>
public sealed class DoubledStartTests
{
    /// <summary>Verbs that end or remove a container, or start it another way.</summary>
    private static readonly string[] Harmful =
        [nameof(IDeployment.EnsureStoppedAsync), nameof(IDeployment.EnsureGoneAsync), nameof(IDeployment.EnsureRestartedAsync)];

    /// <summary>Verbs that do no such thing. A node that fell asleep in one of them would sleep before it has begun its start.</summary>
    private static readonly string[] Harmless =
    [
        nameof(IDeployment.EnsureStartedAsync), nameof(IDeployment.ListAsync), nameof(IDeployment.WhenEndedAsync),
        nameof(IDeployment.CheckAvailabilityAsync), nameof(IDeployment.ImagesAsync), nameof(IDeployment.UseAsync),
        nameof(IDeployment.OpenLogAsync), nameof(IDeployment.MaintainAsync), nameof(IDeployment.AddHook),
        nameof(IDeployment.ApplyEgressAsync), $"get_{nameof(IDeployment.HasEgressLists)}", "get_Kind",
    ];

    [Fact]
    public void Verbs_OfADeployment_AreEachKnownAsHarmfulOrHarmless()
    {
        var unknown = typeof(IDeployment).GetMethods().Select(method => method.Name).Except(Harmful).Except(Harmless);

        Assert.True(!unknown.Any(), $"new verbs were to be sorted in, or a node sleeps too early: {string.Join(", ", unknown)}");
    }

    [NeedsDockerFact]
    public async Task Start_DeliveredToThreeNodes_WhoeverWakesLate_LeavesTheContainerOfTheOneThatRunsIt()
    {
        await using var cluster = await SmallCluster.StartWithoutWorkersAsync();
        using Sleep first = new(), second = new();
        await DeliverToTwoAsync(cluster, first, second);
        await cluster.AddWorkerAsync("w3");
        await DeliverAgainAsync(cluster);
        await cluster.UntilAsync("running");
        Assert.True((await cluster.One.ExecuteAsync(SmallCluster.Box)).IsDone, "the box was to be of use on the node that has it now");

        second.End();
        await second.Over;
        first.End();
        await first.Over;

        await cluster.MustComeToOrderAsync();
        await cluster.UntilAsync("running");
        var last = await cluster.One.ExecuteAsync(SmallCluster.Box);
        Assert.True(last.IsDone, $"the box was to live on after the others woke: {last}, {last.Detail}");
    }

    [NeedsDockerFact]
    public async Task Start_DeliveredToTwoNodes_IsWhereTheOneIsThatSaysThatItRuns()
    {
        await using var cluster = await SmallCluster.StartWithoutWorkersAsync();
        using Sleep first = new(), second = new();
        await DeliverToTwoAsync(cluster, first, second);
        SandboxInstance? pending = null;
        await Wait.UntilAsync(
            async () =>
                (pending = await cluster.Records.FindAsync(
                    SandboxId.Parse(SmallCluster.Box), CancellationToken.None)) is { State: SandboxState.Pending, HostName: "w2" },
            () => $"the second node puts its name last: {pending?.State} on {pending?.HostName}");

        first.End();
        await cluster.UntilAsync("running");

        var running = (await cluster.Records.FindAsync(SandboxId.Parse(SmallCluster.Box), CancellationToken.None))!;
        Assert.True(running.HostName is "w1", $"the record was to lead to the node that runs it, w1, not to {running.HostName}");
        Assert.True((await cluster.One.ExecuteAsync(SmallCluster.Box)).IsDone, "the box was to be of use where its record says that it is");
        second.End();
        await cluster.MustComeToOrderAsync();
    }

    [NeedsDockerFact]
    public async Task Start_WhoseLastWordWasLost_IsNotCalledLostByTheNodeThatSaidIt()
    {
        await using var cluster = await SmallCluster.StartWithoutWorkersAsync();
        using Sleep first = new(), word = new();
        await AddAsync(cluster, "w1", first);
        await cluster.CreateBoxAsync();
        await first.Begun;
        var rounds = 0;
        var second = await cluster.AddWorkerAsync(
            "w2",
            stores => stores.DecorateRecords((_, _) => (method, arguments, pass) =>
                method == nameof(ISandboxStore.TryTransitionAsync) && ((SandboxTransition)arguments[0]!).Next.State is SandboxState.Running
                    ? word.ThenBreakAsync() : pass()),
            worker => worker.Decorate<IDeployment>(
                (_, _) => (method, _, pass) =>
                {
                    rounds += method == nameof(IDeployment.ListAsync) ? 1 : 0;
                    return pass();
                },
                nameof(DockerDeployment)));
        await DeliverAgainAsync(cluster);
        await word.Begun;
        first.End();
        await cluster.UntilAsync("running");

        word.End();
        await word.Over;
        second.Services.GetRequiredService<ExpectedSandboxes>().ReadAllNext();
        var seen = rounds;
        await Wait.UntilAsync(() => Task.FromResult(rounds >= seen + 4), () => "the second node looks at its containers a few times");

        await cluster.MustComeToOrderAsync();
        await cluster.UntilAsync("running");
        var last = await cluster.One.ExecuteAsync(SmallCluster.Box);
        Assert.True(last.IsDone, $"the box was to run on where its record says: {last}, {last.Detail}");
    }

    /// <summary>A start that w1 had and w2 has, both asleep in the middle of it.</summary>
    private static async Task DeliverToTwoAsync(SmallCluster cluster, Sleep first, Sleep second)
    {
        await AddAsync(cluster, "w1", first);
        await cluster.CreateBoxAsync();
        await first.Begun;
        await AddAsync(cluster, "w2", second);
        await DeliverAgainAsync(cluster);
        await second.Begun;
    }

    /// <summary>A node with capacity for one start, which falls asleep once it has made its container, or before it would end or remove
    /// one.</summary>
    private static Task<WebApplication> AddAsync(SmallCluster cluster, string name, Sleep sleep) => cluster.AddWorkerAsync(
        name,
        stores =>
        {
            // Nor does it hear anything while it sleeps.
            stores.Decorate<IJobStore>((_, _) => (method, _, pass) =>
                method == nameof(IJobStore.TryRenewAsync) && sleep.IsOn ? Task.FromResult(true) : pass());
            stores.DecorateRecords((_, _) => (method, _, pass) =>
                method == nameof(ISandboxStore.FindAsync) && sleep.IsOn ? sleep.ThenAsync(() => (Task<SandboxInstance?>)pass()!) : pass());
        },
        worker => worker.Decorate<IDeployment>(
            (_, _) => (method, _, pass) => method switch
            {
                nameof(IDeployment.EnsureStartedAsync) => sleep.AfterAsync((Task<Result<StartedSandbox>>)pass()!),
                _ when Harmful.Contains(method) && !sleep.HasEnded => sleep.BeforeAsync(() => (Task)pass()!),
                _ => pass(),
            },
            nameof(DockerDeployment)));

    /// <summary>Voids the present holder's claim of the job.</summary>
    private static Task DeliverAgainAsync(SmallCluster cluster) =>
        cluster.ExecuteSqlAsync("UPDATE jobs SET node = NULL, claimable_at = store_now()");

    /// <summary>A node does nothing more until it is woken.</summary>
    private sealed class Sleep : IDisposable
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously),
        _ended = new(TaskCreationOptions.RunContinuationsAsynchronously),
            _over = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => _begun.Task.WaitAsync(ClusterProcess.Generous);

        /// <summary>What it was about to do when it fell asleep is done.</summary>
        public Task Over => _over.Task.WaitAsync(ClusterProcess.Generous);

        public bool HasEnded => _ended.Task.IsCompleted;

        public bool IsOn => _begun.Task.IsCompleted && !_over.Task.IsCompleted;

        public void End() => _ended.TrySetResult();

        /// <summary>A test that fails leaves no node asleep.</summary>
        public void Dispose() => End();

        public async Task<Result<StartedSandbox>> AfterAsync(Task<Result<StartedSandbox>> start)
        {
            var started = await start;
            _begun.TrySetResult();
            await _ended.Task;
            _over.TrySetResult();
            return started;
        }

        public async Task BeforeAsync(Func<Task> deed)
        {
            _begun.TrySetResult();
            await _ended.Task;
            try
            {
                await deed();
            }
            finally
            {
                _over.TrySetResult();
            }
        }

        /// <summary>What it says does not arrive.</summary>
        public async Task<bool> ThenBreakAsync()
        {
            _begun.TrySetResult();
            await _ended.Task;
            _over.TrySetResult();
            throw new IOException("the connection broke");
        }

        public async Task<T> ThenAsync<T>(Func<Task<T>> look)
        {
            await _over.Task;
            return await look();
        }
    }
}
