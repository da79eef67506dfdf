using Sandbox.Domain.Stores;
using Sandbox.Rollout;
using Sandbox.Rollout.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.InMemory;

public sealed class InMemoryMemberStoreTests : MemberStoreContract
{
    private IMemberStore? _members;

    protected override IMemberStore Members => _members ??= new InMemoryMemberStore(Time);

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The leases of one process; there are no records that they could fence.</summary>
public sealed class InMemoryLeaseStoreTests() : LeaseContract(time => ValueTask.FromResult<ITestedStores>(new OnlyLeases(time)))
{
    private sealed class OnlyLeases(TimeProvider time) : ITestedStores
    {
        public ILeaseStore Leases { get; } = new InMemoryLeaseStore(time);

        public ISandboxStore Records => throw new NotSupportedException();

        public IJobStore Jobs => throw new NotSupportedException();

        public ICommitStore Commits => throw new NotSupportedException();

        public INodeStore Nodes => throw new NotSupportedException();

        public ITenantStore Tenants => throw new NotSupportedException();

        public IModelStore Models => throw new NotSupportedException();

        public IEnvironmentStore Environments => throw new NotSupportedException();

        public IModelUsageStore ModelUsage => throw new NotSupportedException();

        public IRolloutStore Rollouts => throw new NotSupportedException();

        public RolloutHistoryStores History => throw new NotSupportedException();

        public ValueTask ExecuteAsync(string statement) => throw new NotSupportedException();

        public ValueTask<long> CountAsync(string table) => throw new NotSupportedException();

        public ValueTask ReopenAsync() => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
