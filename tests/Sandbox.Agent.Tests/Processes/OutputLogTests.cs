using Microsoft.Extensions.Time.Testing;
using Sandbox.Agent.Activity;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Tests.Running;

namespace Sandbox.Agent.Tests.Processes;

public sealed class OutputLogTests
{
    private static readonly byte[] Piece = new byte[32 * 1024];

    private readonly FakeTimeProvider _time = new();
    private readonly OutputLog _log;

    public OutputLogTests() => _log = new OutputLog(_time, new AgentActivity(_time));

    [Fact]
    public void Append_WithoutReaders_NeverWaitsAndKeepsTheLastOnly()
    {
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(AppendAsync(OutputKind.Stdout, Piece).IsCompletedSuccessfully);
        }

        using var reader = _log.Attach(replay: true);
        Assert.InRange(ReadAll(reader), OutputLog.Capacity / 2, OutputLog.Capacity);
    }

    [Fact]
    public async Task Append_WhileAReaderIsBehind_WaitsUntilItReads()
    {
        using var reader = _log.Attach(replay: false);
        var waiting = FillUntilItWaits();

        Assert.False(waiting.IsCompleted);
        var read = ReadAll(reader);
        await waiting.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        Assert.Equal(_log.Written, read + ReadAll(reader));
        Assert.InRange(_log.Written, OutputLog.Window, OutputLog.Window + (3 * Piece.Length));
    }

    [Fact]
    public async Task Append_WhileTheReaderLeaves_GoesOn()
    {
        var reader = _log.Attach(replay: false);
        var waiting = FillUntilItWaits();

        reader.Dispose();

        await waiting.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Reader_ThatStandsStillAlone_IsNeverCutOff()
    {
        using var reader = _log.Attach(replay: false);
        var waiting = FillUntilItWaits();

        _time.Advance(OutputLog.StallLimit * 3);

        Assert.False(reader.IsCutOff);
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task Reader_ThatHoldsBackAnother_IsCutOffAfterTheLimit()
    {
        using var stalled = _log.Attach(replay: false);
        using var quick = _log.Attach(replay: false);
        var waiting = FillUntilItWaits();
        ReadAll(quick);

        // Reading woke the writer, which waits anew: the clock must pass its limit again.
        await Wait.UntilAsync(
            () =>
            {
                _time.Advance(OutputLog.StallLimit);
                return waiting.IsCompleted;
            },
            "the writer was to go on without the reader that holds it back");
        Assert.True(stalled.IsCutOff);
        Assert.False(quick.IsCutOff);
    }

    [Fact]
    public void Read_OfManySmallPieces_KeepsKindsAndOrder()
    {
        using var reader = _log.Attach(replay: false);
        for (var i = 0; i < 5000; i++)
        {
            Assert.True(AppendAsync(i % 2 == 0 ? OutputKind.Stdout : OutputKind.Stderr, new[] { (byte)i }).IsCompletedSuccessfully);
        }

        for (var i = 0; i < 5000; i++)
        {
            Assert.True(reader.TryRead(out var kind, out var bytes));
            Assert.Equal((i % 2 == 0 ? OutputKind.Stdout : OutputKind.Stderr, (byte)i), (kind, bytes.Span[0]));
        }
    }

    private static long ReadAll(OutputReader reader)
    {
        var total = 0L;
        while (reader.TryRead(out _, out var bytes))
        {
            total += bytes.Length;
        }

        return total;
    }

    private Task AppendAsync(OutputKind kind, byte[] bytes) => _log.AppendAsync(kind, bytes).AsTask();

    private Task FillUntilItWaits()
    {
        while (true)
        {
            var append = AppendAsync(OutputKind.Stdout, Piece);
            if (!append.IsCompleted)
            {
                return append;
            }
        }
    }
}
