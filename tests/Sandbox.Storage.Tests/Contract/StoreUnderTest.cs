using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Rollout;
using Sandbox.Rollout.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What an implementation of the stores brings along to be tested.</summary>
public interface ITestedStores : IAsyncDisposable
{
    ISandboxStore Records { get; }

    IJobStore Jobs { get; }

    ICommitStore Commits { get; }

    ILeaseStore Leases { get; }

    INodeStore Nodes { get; }

    ITenantStore Tenants { get; }

    IModelStore Models { get; }

    IEnvironmentStore Environments { get; }

    IModelUsageStore ModelUsage { get; }

    IRolloutStore Rollouts { get; }

    RolloutHistoryStores History { get; }

    /// <summary>Runs a statement past the stores, in words that every one of them knows.</summary>
    ValueTask ExecuteAsync(string statement);

    /// <summary>How many rows a table has, past the stores.</summary>
    ValueTask<long> CountAsync(string table);

    /// <summary>Closes everything and opens it again, as a new process would.</summary>
    ValueTask ReopenAsync();
}

/// <summary>Empty stores and a clock that the test moves.</summary>
public abstract class StoreUnderTest(Func<TimeProvider, ValueTask<ITestedStores>> open) : IAsyncLifetime
{
    private ITestedStores? _stores;

    protected FakeTimeProvider Time { get; } = new(Given.Now);

    protected ISandboxStore Records => Stores.Records;

    protected IJobStore Jobs => Stores.Jobs;

    protected ICommitStore Commits => Stores.Commits;

    protected ILeaseStore Leases => Stores.Leases;

    protected INodeStore Nodes => Stores.Nodes;

    protected ITenantStore Tenants => Stores.Tenants;

    protected IModelStore Models => Stores.Models;

    protected IEnvironmentStore Environments => Stores.Environments;

    protected IModelUsageStore ModelUsage => Stores.ModelUsage;

    protected IRolloutStore Rollouts => Stores.Rollouts;

    protected RolloutHistoryStores History => Stores.History;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private ITestedStores Stores => _stores ?? throw new InvalidOperationException("The stores are opened before a test runs.");

    public async ValueTask InitializeAsync() => _stores = await open(Time);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Stores.DisposeAsync();
    }

    protected ValueTask ReopenAsync() => Stores.ReopenAsync();

    protected ValueTask ExecuteAsync(string statement) => Stores.ExecuteAsync(statement);

    protected ValueTask<long> CountAsync(string table) => Stores.CountAsync(table);

    protected async Task<SandboxInstance> CreatedAsync(SandboxInstance first)
    {
        Assert.True((await CreateAsync(first)).TryGet(out var record, out var error), error?.Text);
        return record;
    }

    protected Task<Result<SandboxInstance>> CreateAsync(SandboxInstance first) =>
        Records.TryCreateAsync(first, Given.StartOf(first), CancellationToken);

    /// <summary>Writes transitions without a job; the job of the start stays.</summary>
    protected async Task<SandboxInstance> TransitionedAsync(SandboxInstance from, params SandboxEvent[] events)
    {
        foreach (var happened in events)
        {
            var next = from.Apply(happened);
            Assert.True(
                await Records.TryTransitionAsync(new SandboxTransition(from, next, null), CancellationToken), $"{happened} was refused");
            from = next;
        }

        return from;
    }

    protected async Task<SandboxInstance> FoundAsync(SandboxInstance record) =>
        await Records.FindAsync(record.Id, CancellationToken) ?? throw new InvalidOperationException($"{record.Id} has no record");

    protected Task<IReadOnlyList<ClaimedJob>> ClaimAsync(int limit = 10, string node = "n1", TimeSpan? lease = null) =>
        Jobs.ClaimAsync(new JobClaim(node, limit, lease ?? TimeSpan.FromSeconds(15)), CancellationToken);
}
