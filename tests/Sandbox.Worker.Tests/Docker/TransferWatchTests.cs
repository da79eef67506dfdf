using Docker.DotNet.Models;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>When a pull or a push counts as stalled, by what an engine tells of it.</summary>
public sealed class TransferWatchTests : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _clock = new();
    private readonly TransferWatch _watch;

    public TransferWatchTests() => _watch = new TransferWatch(inner: null, Longest, _clock);

    public void Dispose() => _watch.Dispose();

    [Fact]
    public void Registry_ThatDoesNotEvenSayWhatThereIs_Stalls() => AssertStallsAfter(Longest);

    [Fact]
    public void Layer_WhoseBytesMove_NeverStalls_AndDoesOnceTheyRest()
    {
        Report("a", "Pulling fs layer");
        for (var bytes = 1; bytes < 20; bytes++)
        {
            _clock.Advance(Longest - TimeSpan.FromSeconds(1));
            Report("a", "Downloading", bytes);
        }

        AssertStallsAfter(Longest);
    }

    [Fact]
    public void Engine_ThatRepeatsHowFarItIs_MovesNothing()
    {
        Report("a", "Downloading", 5);
        _clock.Advance(Longest / 2);
        Report("a", "Downloading", 5);

        AssertStallsAfter(Longest / 2);
    }

    [Theory]
    [InlineData("Waiting")]
    [InlineData("Download complete")]
    [InlineData("Extracting")]
    [InlineData("Pull complete")]
    [InlineData("Pushed")]
    [InlineData("Mounted from library/busybox")]
    public void Engine_ThatWaitsForNoRegistry_IsGivenTime(string status)
    {
        Report("a", status);

        _clock.Advance(10 * Longest);

        Assert.False(_watch.Stalled.IsCancellationRequested, $"a layer that is '{status}' is not the registry's turn");
    }

    [Theory]
    [InlineData("Pulling fs layer")]
    [InlineData("Downloading")]
    [InlineData("Preparing")]
    [InlineData("Pushing")]
    public void OneLayerThatIsTheRegistrysTurn_Stalls_WhileOthersAreNot(string status)
    {
        Report("a", "Waiting");
        Report("b", "Pull complete");
        Report("c", status);

        AssertStallsAfter(Longest);
    }

    [Fact]
    public void Failure_IsThrownOnceItIsAskedFor()
    {
        _watch.Report(new JSONMessage { Error = new JSONError { Message = "manifest unknown" } });

        Assert.Equal("manifest unknown", Assert.Throws<EngineException>(_watch.ThrowIfFailed).Message);
    }

    private void Report(string layer, string status, long bytes = 0) =>
        _watch.Report(new JSONMessage { ID = layer, Status = status, Progress = new JSONProgress { Current = bytes } });

    private void AssertStallsAfter(TimeSpan time)
    {
        _clock.Advance(time - TimeSpan.FromMilliseconds(1));
        Assert.False(_watch.Stalled.IsCancellationRequested, $"it was to be given {time}");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(_watch.Stalled.IsCancellationRequested, $"nothing has moved for {time}");
    }
}
