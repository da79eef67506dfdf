using System.Text;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Tools;

namespace Sandbox.Worker.Tests.Tools;

public sealed class HostToolsTests
{
    private readonly HostTools _tools = new();
    private readonly FakeTimeProvider _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_OfAProgram_PassesArgumentsAsTheyAreAndItsStreams()
    {
        using var input = new MemoryStream("from outside"u8.ToArray());
        using var output = new MemoryStream();

        var outcome = await _tools.RunAsync(
            "sh", ["-c", "cat; printf '|%s' \"$@\"; echo said >&2; exit 3", "sh", "$HOME; a b", "*"], input, output, Token);

        Assert.Equal(new ToolOutcome("sh", 3, "said"), outcome);
        Assert.Equal("sh ended with 3: said", outcome.Failure);
        Assert.Equal("from outside|$HOME; a b|*", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public async Task Run_OfWhatIsNotThere_SaysSo()
    {
        var outcome = await _tools.RunAsync("no-such-program", [], null, Stream.Null, Token);

        Assert.Null(outcome.ExitCode);
        Assert.Matches("^no-such-program cannot be run: .*No such file or directory", outcome.Failure);
    }

    [Fact]
    public async Task Ask_AnswersWhatWasPrintedAndWhatWasComplained()
    {
        var answer = await _tools.AskAsync(_clock, "sh", ["-c", "echo yes; echo but >&2"], Token);

        Assert.Equal(new ToolAnswer("yes\n", "but"), answer);
    }

    [Theory]
    [InlineData("echo no >&2; exit 1", "sh ended with 1: no")]
    [InlineData("head -c 5000000 /dev/zero", "sh said more than 4194304 bytes")]
    public async Task Ask_WithoutAGoodAnswer_SaysWhy(string script, string reason)
    {
        var refused = await Assert.ThrowsAsync<ToolException>(() => _tools.AskAsync(_clock, "sh", ["-c", script], Token));

        Assert.Equal(reason, refused.Message);
    }

    [Fact]
    public async Task Ask_OfOneThatDoesNotEnd_EndsItWhenTheTimeIsOver()
    {
        var duration = $"98765.{Random.Shared.Next(1_000_000):000000}";

        var asking = _tools.AskAsync(_clock, "sleep", [duration], Token);
        _clock.Advance(ToolQuestion.Within);

        var refused = await Assert.ThrowsAsync<ToolException>(() => asking);
        Assert.Equal("sleep did not end within 5 s", refused.Message);
        Assert.True(await IsGoneAsync(duration), $"`sleep {duration}` was to be ended");
    }

    [Fact]
    public async Task Ask_WhenTheAskerGoesAway_IsGivenUp()
    {
        using var gone = new CancellationTokenSource();

        var asking = _tools.AskAsync(_clock, "sleep", ["98765"], gone.Token);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    /// <summary>A kill is carried out a moment after it was sent.</summary>
    private static async Task<bool> IsGoneAsync(string argument)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (IsRunning(argument) && !patience.IsCancellationRequested)
        {
            await Task.Yield();
        }

        return !IsRunning(argument);
    }

    private static bool IsRunning(string argument) => Directory.EnumerateDirectories("/proc").Any(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")) == $"sleep\0{argument}\0";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}
