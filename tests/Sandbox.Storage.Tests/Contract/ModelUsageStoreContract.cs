using Sandbox.Domain.Models;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of the usage of models promises.</summary>
public abstract class ModelUsageStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private static readonly Guid Writer = new("0197a000-0000-7000-8000-000000000001");
    private static readonly Guid OtherWriter = new("0197a000-0000-7000-8000-000000000002");
    private static readonly ModelUsageEntry Reds = new("red", "key-1", "parrot", 2, 30, 400);
    private static readonly ModelUsageEntry Blues = new("blue", "key-2", "parrot", 1, 10, 100);

    [Fact]
    public async Task Batches_OfSeveralWriters_AreSummedUpForEachKeyAndModel_AndKept()
    {
        await AddAsync(Writer, 1, Reds, Blues);
        await AddAsync(Writer, 2, Reds, Reds with { Model = "owl" });
        await AddAsync(OtherWriter, 1, Reds with { Key = "key-3" }, Blues);
        await ReopenAsync();

        Assert.Equal(
            [
                new("blue", "key-2", "parrot", 2, 20, 200),
                Reds with { Model = "owl" },
                new("red", "key-1", "parrot", 4, 60, 800),
                Reds with { Key = "key-3" },
            ],
            await ModelUsage.ListAsync(null, CancellationToken));
    }

    [Fact]
    public async Task Batch_ThatWasAddedBefore_AddsNothing()
    {
        await AddAsync(Writer, 1, Reds);
        await AddAsync(Writer, 2, Reds);

        // Its writer did not hear that it was added, or it comes late.
        await AddAsync(Writer, 2, Reds);
        await AddAsync(Writer, 1, Blues);

        Assert.Equal([new("red", "key-1", "parrot", 4, 60, 800)], await ModelUsage.ListAsync(null, CancellationToken));
    }

    [Fact]
    public async Task Writers_ThatEndedAMonthAgo_AreForgotten_AndTheirSumsAreNot()
    {
        await AddAsync(Writer, 1, Reds);
        Time.Advance(TimeSpan.FromDays(31));

        await AddAsync(OtherWriter, 1, Blues);

        Assert.Equal(1, await CountAsync("model_usage_writers"));
        Assert.Equal([Blues, Reds], await ModelUsage.ListAsync(null, CancellationToken));
    }

    [Fact]
    public async Task List_OfOneTenant_HasNoOthers()
    {
        await AddAsync(Writer, 1, Reds, Blues);

        Assert.Equal([Reds], await ModelUsage.ListAsync("red", CancellationToken));
        Assert.Empty(await ModelUsage.ListAsync("green", CancellationToken));
    }

    [Fact]
    public async Task Batches_AtTheSameTime_AreAllCounted()
    {
        const int Batches = 20;
        await Task.WhenAll(Enumerable.Range(1, Batches).Select(_ => AddAsync(Guid.NewGuid(), 1, Reds, Blues)));

        Assert.Equal(
            [new("blue", "key-2", "parrot", Batches, 10 * Batches, 100 * Batches),
                new("red", "key-1", "parrot", 2 * Batches, 30 * Batches, 400 * Batches)],
            await ModelUsage.ListAsync(null, CancellationToken));
    }

    private Task AddAsync(Guid writer, long number, params ModelUsageEntry[] entries) =>
        ModelUsage.AddAsync(new ModelUsageBatch(writer, number, entries), CancellationToken);
}
