using Npgsql;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Postgres;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Testing.Postgres;

namespace Sandbox.Storage.Tests.Postgres;

/// <summary>Writes that are written together stay each its own: what happens to one does not happen to another.</summary>
public sealed class SharedStatementsTests : IDisposable
{
    private readonly List<string> _written = [];
    private readonly SemaphoreSlim _begun = new(0);
    private readonly SemaphoreSlim _mayEnd = new(0);
    private readonly SharedStatements<string, string> _writes;

    public SharedStatementsTests() => _writes = new(WriteAsync, item => item[0], TimeProvider.System);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _begun.Dispose();
        _mayEnd.Dispose();
    }

    [Fact]
    public async Task Write_WhileAnotherIsUnderWay_GoesWithAllThatCameMeanwhile()
    {
        var first = await FirstUnderWayAsync();
        var others = All("b", "c", "d");
        _mayEnd.Release(2);

        Assert.Equal("done a", await first);
        Assert.Equal(["done b", "done c", "done d"], await Task.WhenAll(others));
        Assert.Equal(["a", "b c d"], _written);
    }

    [Fact]
    public async Task Write_OfTwoWithOneKey_AreWrittenOneAfterTheOther()
    {
        var first = await FirstUnderWayAsync();
        var others = All("b1", "b2", "c", "b3");
        _mayEnd.Release(4);
        await Task.WhenAll([first, .. others]);

        Assert.Equal(["a", "b1 c", "b2", "b3"], _written);
    }

    [Fact]
    public async Task Write_ThatIsRefused_FailsAloneAndTheOthersAreWritten()
    {
        var first = await FirstUnderWayAsync();
        var (good, bad, other) =
            (_writes.RunAsync("b", CancellationToken), _writes.RunAsync("!", CancellationToken), _writes.RunAsync("c", CancellationToken));
        _mayEnd.Release(5);

        await Task.WhenAll(first, good, other);
        await Assert.ThrowsAsync<PostgresException>(() => bad);
        Assert.Equal(["a", "b ! c", "b", "!", "c"], _written);
    }

    [Fact]
    public async Task Write_OverALineThatBreaks_IsNotWrittenAgain()
    {
        var first = await FirstUnderWayAsync();
        var (one, two) = (_writes.RunAsync("b", CancellationToken), _writes.RunAsync("?", CancellationToken));
        _mayEnd.Release(2);

        await first;
        await Assert.ThrowsAsync<NpgsqlException>(() => one);
        await Assert.ThrowsAsync<NpgsqlException>(() => two);
        Assert.Equal(["a", "b ?"], _written);
        _mayEnd.Release();
        Assert.Equal("done c", await _writes.RunAsync("c", CancellationToken));
    }

    [NeedsPostgresFact]
    public async Task Moves_OfWhichPostgresCannotWriteOne_AreWrittenButThatOne()
    {
        await using var database = await PostgresTestDatabase.NewAsync();
        var records = new PostgresSandboxStore(database.Database);
        var read = new List<SandboxInstance>();
        for (var i = 0; i < 4; i++)
        {
            read.Add(await MadeAsync(records));
        }

        // The first transition waits for its row, so that the others are one statement.
        await using var blocker = await database.Database.ConnectAsync(CancellationToken);
        await using var transaction = await blocker.BeginTransactionAsync(CancellationToken);
        await using var held = new NpgsqlCommand(
            "SELECT 1 FROM sandboxes WHERE id = $1 FOR UPDATE", blocker)
        { Parameters = { new() { Value = read[0].Id.ToString() } } };
        await held.ExecuteNonQueryAsync(CancellationToken);
        var transitions = read.Select(
            (record, place) => records.TryTransitionAsync(Stop(record, place == 2 ? "no text of Postgres: \0" : "fine"), CancellationToken))
            .ToList();
        await transaction.CommitAsync(CancellationToken);

        await Assert.ThrowsAsync<PostgresException>(() => transitions[2]);
        Assert.All(await Task.WhenAll(transitions[0], transitions[1], transitions[3]), Assert.True);
        var states = await Task.WhenAll(read.Select(record => records.FindAsync(record.Id, CancellationToken)));
        Assert.Equal(
            [SandboxState.Stopped, SandboxState.Stopped, SandboxState.Pending, SandboxState.Stopped],
            states.Select(record => record!.State));
    }

    [NeedsPostgresFact]
    public async Task Creates_AndMoves_OfManyAtOnce_AreCountedAsTheyAre()
    {
        await using var database = await PostgresTestDatabase.NewAsync();
        var records = new PostgresSandboxStore(database.Database);

        var made = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => MadeAsync(records)));
        await Task.WhenAll(
            made.Take(40)
            .Select(record =>
                records.TryTransitionAsync(new SandboxTransition(record, record.Apply(SandboxEvent.Alive), null), CancellationToken)));
        await Task.WhenAll(made.Skip(40).Take(15).Select(record => records.TryTransitionAsync(Stop(record, "asked"), CancellationToken)));

        Assert.Equal(
            (5, 40, 15),
            (await TotalAsync(SandboxState.Pending), await TotalAsync(SandboxState.Running), await TotalAsync(SandboxState.Stopped)));

        async Task<long> TotalAsync(SandboxState state) =>
            (await records.ListAsync(new SandboxQuery([state], new Dictionary<string, string>(), PageSize: 1), CancellationToken)).Total;
    }

    [NeedsPostgresFact]
    public async Task Finds_OfManyAtOnce_AnswerEachWithItsOwn_AndOneThatCannotBeReadFailsAlone()
    {
        await using var database = await PostgresTestDatabase.NewAsync();
        var records = new PostgresSandboxStore(database.Database);
        var made = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => MadeAsync(records)));
        var (unknown, damaged) = (Given.Pending(), made[7]);

        SandboxInstance[] asked = [.. made, .. made, unknown];
        var found = await Task.WhenAll(asked.Select(record => records.FindAsync(record.Id, CancellationToken)));
        Assert.Equal(asked.SkipLast(1).Select(record => record.Id), found.SkipLast(1).Select(record => record?.Id ?? default));
        Assert.Null(found[^1]);

        await using (var connection = await database.Database.ConnectAsync(CancellationToken))
        {
            await using var damage = new NpgsqlCommand(
                "UPDATE sandboxes SET state = 'no state' WHERE id = $1",
                connection)
            { Parameters = { new() { Value = damaged.Id.ToString() } } };
            await damage.ExecuteNonQueryAsync(CancellationToken);
        }

        var again = made.Select(record => records.FindAsync(record.Id, CancellationToken)).ToList();
        await Assert.ThrowsAsync<InvalidDataException>(() => again[7]);
        Assert.All(await Task.WhenAll(again.Where((_, place) => place != 7)), Assert.NotNull);
    }

    private static async Task<SandboxInstance> MadeAsync(PostgresSandboxStore records)
    {
        var first = Given.Pending();
        Assert.True(
            (await records.TryCreateAsync(first, Given.StartOf(first), CancellationToken)).TryGet(out var made, out var error),
            error?.Text);
        return made;
    }

    private static SandboxTransition Stop(SandboxInstance record, string reason) =>
        new(record, record.Apply(SandboxEvent.Stop) with { Reason = reason }, Given.StopOf(record));

    private List<Task<string>> All(params string[] items) => [.. items.Select(item => _writes.RunAsync(item, CancellationToken))];

    private async Task<Task<string>> FirstUnderWayAsync()
    {
        var first = _writes.RunAsync("a", CancellationToken);
        await _begun.WaitAsync(CancellationToken);
        return first;
    }

    private async Task<IReadOnlyList<string>> WriteAsync(IReadOnlyList<string> items)
    {
        _written.Add(string.Join(' ', items));
        _begun.Release();
        await _mayEnd.WaitAsync(CancellationToken);
        return items.Contains("!")
            ? throw new PostgresException("not in this encoding", "ERROR", "ERROR", PostgresErrorCodes.CharacterNotInRepertoire)
            : items.Contains("?") ? throw new NpgsqlException("the line broke", new IOException())
            : [.. items.Select(item => $"done {item}")];
    }
}
