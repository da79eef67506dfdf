using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Postgres;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Storage.Tests.Postgres;

/// <summary>A statement that does not answer keeps none waiting but its own callers, and those only if it is a write that may be done
/// once.</summary>
public sealed class SilentStatementsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<string> _asked = [];

    // By item: until when whatever statement has it does not answer.
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _silent = [];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_BehindASilentOne_IsAskedBesideIt_TogetherWithWhatThatOneWasAsked()
    {
        var reads = Statements(isRead: true);
        FallSilent("a");
        var first = reads.RunAsync("a", CancellationToken);
        Speak("a", beginningWithTheNext: true);
        var second = reads.RunAsync("b", CancellationToken);

        await UntilAsync(() => first.IsCompleted && second.IsCompleted, "both are answered by a second statement");

        Assert.Equal(("done a", "done b"), (await first, await second));
        Assert.Equal(["a", "a b"], _asked);
    }

    [Fact]
    public async Task Write_BehindASilentOne_GoesBesideIt_ButNotTheNextOfTheSameKey()
    {
        var writes = Statements(isRead: false);
        FallSilent("a1");
        var first = writes.RunAsync("a1", CancellationToken);
        var (same, other) = (writes.RunAsync("a2", CancellationToken), writes.RunAsync("b1", CancellationToken));

        await UntilAsync(() => other.IsCompleted, "another key's write goes by");
        var later = writes.RunAsync("a3", CancellationToken);
        Assert.Equal("done b2", await writes.RunAsync("b2", CancellationToken).WaitAsync(ClusterProcess.Generous, CancellationToken));

        Assert.Equal(["a1", "b1", "b2"], _asked);
        Assert.False(first.IsCompleted, "nobody knows whether a1 is written: it is not written again, and not called failed");
        Speak("a1");
        Assert.Equal(
            ["done a1", "done a2", "done a3"],
            await Task.WhenAll(first, same, later).WaitAsync(ClusterProcess.Generous, CancellationToken));
        Assert.Equal(["a1", "b1", "b2", "a2", "a3"], _asked);
    }

    [Fact]
    public async Task Server_ThatAnswersNobody_IsAskedFourTimesAtOnce_AndNotMore()
    {
        var reads = Statements(isRead: true);
        FallSilent("a");
        var first = reads.RunAsync("a", CancellationToken);
        await UntilAsync(() => _asked.Count == 4, "what is not answered is asked again");

        var second = reads.RunAsync("b", CancellationToken);
        for (var seconds = 0; seconds < 100; seconds++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(["a", "a", "a", "a"], _asked);
        Speak("a");
        await UntilAsync(() => first.IsCompleted && second.IsCompleted, "both are answered when the server speaks again");
        Assert.Equal(("done a", "done b"), (await first, await second));
    }

    [NeedsPostgresFact]
    public async Task Find_OverAConnectionThatHangs_IsAnsweredOverAnother()
    {
        await using var stores = await PostgresTestDatabase.NewAsync();
        await using var database = Patient(stores);
        var records = new PostgresSandboxStore(database);
        var record = await MadeAsync(records);
        using var frozen = await FrozenAsync(database);

        var found = records.FindAsync(record.Id, CancellationToken);
        await UntilAsync(() => found.IsCompleted, "the record is found all the same");

        Assert.Equal(record.Id, (await found)?.Id);
    }

    [NeedsPostgresTheory]
    [InlineData("heartbeat")]
    [InlineData("nodes")]
    [InlineData("lease")]
    [InlineData("job")]
    public async Task WhatKeepsANodeAlive_OverAConnectionThatHangs_GoesOverAnother(string what)
    {
        await using var stores = await PostgresTestDatabase.NewAsync();
        await using var database = Patient(stores);
        var (nodes, leases, jobs, length) =
            (new PostgresNodeStore(database), new PostgresLeaseStore(database), new PostgresJobStore(database), TimeSpan.FromSeconds(15));
        await MadeAsync(new PostgresSandboxStore(database));
        var facts = new NodeFacts(
            "n1", new Uri("http://127.0.0.1:1"), "127.0.0.1", NodeCapacity.Unlimited, new Dictionary<string, string>(),
            [DeploymentKind.Docker], "1");
        Assert.True(
            (await nodes.TryRegisterAsync(facts, "n1", length, CancellationToken)).TryGet(out var node, out var error), error?.Text);
        var job = Assert.Single(await jobs.ClaimAsync(new JobClaim("n1", 1, length) { Fence = node.Fence }, CancellationToken));
        using var frozen = await FrozenAsync(database);

        var kept = what switch
        {
            "heartbeat" => nodes.TryHeartbeatAsync(node, new NodeLoad(NodeCapacity.Unlimited, 0, null), length, CancellationToken),
            "nodes" => IsListedAsync(),
            "lease" => leases.TryRenewAsync(node, length, CancellationToken),
            _ => jobs.TryRenewAsync(job, length, CancellationToken),
        };
        await UntilAsync(() => kept.IsCompleted, $"the {what} is answered");

        Assert.True(await kept, $"the {what} was as before");

        async Task<bool> IsListedAsync() => (await nodes.ListAsync(CancellationToken)).Count == 1;
    }

    [NeedsPostgresFact]
    public async Task Move_BehindOneWhoseConnectionHangs_IsWrittenOverAnother()
    {
        await using var stores = await PostgresTestDatabase.NewAsync();
        await using var database = Patient(stores);
        var records = new PostgresSandboxStore(database);
        var (one, other) = (await MadeAsync(records), await MadeAsync(records));
        using var frozen = await FrozenAsync(database);

        var silent = records.TryTransitionAsync(new SandboxTransition(one, one.Apply(SandboxEvent.Alive), null), CancellationToken);
        var written = records.TryTransitionAsync(new SandboxTransition(other, other.Apply(SandboxEvent.Alive), null), CancellationToken);
        await UntilAsync(() => written.IsCompleted, "the transition of another sandbox is written");

        Assert.True(await written, "no other writer has changed it");
        Assert.False(silent.IsCompleted, "nobody knows what came of the first");
        frozen.GoOn();
        Assert.True(
            await silent.WaitAsync(ClusterProcess.Generous, CancellationToken), "it was written, once, when its connection went on");
    }

    private SharedStatements<string, string> Statements(bool isRead) =>
        new(AnswerAsync, isRead ? item => item : item => item[0], _time, isRead);

    private void FallSilent(string item) => _silent[item] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Speak(string item, bool beginningWithTheNext = false)
    {
        if (_silent.TryRemove(item, out var silence) && !beginningWithTheNext)
        {
            silence.SetResult();
        }
    }

    private async Task<IReadOnlyList<string>> AnswerAsync(IReadOnlyList<string> items)
    {
        _asked.Enqueue(string.Join(' ', items));
        foreach (var item in items)
        {
            await (_silent.GetValueOrDefault(item)?.Task ?? Task.CompletedTask);
        }

        return [.. items.Select(item => $"done {item}")];
    }

    /// <summary>Seconds pass meanwhile.</summary>
    private Task UntilAsync(Func<bool> holds, string expectation) => Wait.UntilAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(holds());
        },
        () => $"{expectation}; asked was {string.Join(", then ", _asked)}");

    /// <summary>Its driver never gives a statement up: a caller that is answered was not kept waiting by one that hangs.</summary>
    private PostgresDatabase Patient(PostgresTestDatabase stores) =>
        PostgresDatabase.Of($"{stores.ConnectionString};Command Timeout=0", _time);

    private static async Task<SandboxInstance> MadeAsync(PostgresSandboxStore records)
    {
        var first = Given.Pending();
        Assert.True(
            (await records.TryCreateAsync(first, Given.StartOf(first), CancellationToken)).TryGet(out var made, out var error),
            error?.Text);
        return made;
    }

    /// <summary>The server's end of the only connection so far, which the pool gives out next.</summary>
    private static async Task<FrozenBackend> FrozenAsync(PostgresDatabase database)
    {
        await using var connection = await database.ConnectAsync(CancellationToken);
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return new FrozenBackend((int)(await command.ExecuteScalarAsync(CancellationToken))!);
    }

    private sealed class FrozenBackend : IDisposable
    {
        private readonly int _process;

        public FrozenBackend(int process)
        {
            _process = process;
            Send("-STOP");
        }

        public void GoOn() => Send("-CONT");

        public void Dispose() => GoOn();

        private void Send(string signal)
        {
            using var kill = Process.Start("kill", [signal, _process.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }
    }
}
