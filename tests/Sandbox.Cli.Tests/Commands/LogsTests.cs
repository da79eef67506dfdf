using System.Text;
using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class LogsTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Logs_PrintWhatTheMainProcessHasWritten_AlsoAfterItsEnd()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "echo", "unheard")).Expect(0);
        await WriteAsync("one", "two", "three");

        Assert.EndsWith("one\ntwo\nthree\n", (await _cli.RunAsync("logs", "demo")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal("three\n", (await _cli.RunAsync("logs", "--tail", "1", "demo")).Expect(0).Output);
        Assert.Equal("", (await _cli.RunAsync("logs", "--tail", "0", "demo")).Expect(0).Output);
        (await _cli.RunAsync("stop", "demo")).Expect(0);
        Assert.Equal("two\nthree\n", (await _cli.RunAsync("logs", "-n", "2", "demo")).Expect(0).Output);
        var line = JsonDocument.Parse((await _cli.RunAsync("logs", "-n", "1", "--json", "demo")).Expect(0).Output).RootElement;
        Assert.Equal(
            ("log", "demo", "three\n"),
            (line.GetProperty("event").GetString(), line.GetProperty("sandbox_id").GetString(),
                Encoding.UTF8.GetString(line.GetProperty("data").GetBytesFromBase64())));
        (await _cli.RunAsync("rm", "demo")).Expect(0);
    }

    [Fact]
    public async Task Logs_Followed_GoOnUntilTheSandboxEnds()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        await WriteAsync("before");
        using var follow = _cli.Start("logs", "-f", "demo");
        await follow.SeeAsync("before\n");

        await WriteAsync("later");
        await follow.SeeAsync("later\n");
        (await _cli.RunAsync("stop", "demo")).Expect(0);

        Assert.EndsWith("before\nlater\n", (await follow.EndAsync()).Expect(0).Output, StringComparison.Ordinal);
        (await _cli.RunAsync("rm", "demo")).Expect(0);
    }

    [Fact]
    public async Task Logs_ThatCannotBeHad_SayWhy()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        Assert.Equal("sandbox: Sandbox nobody not found.\n", (await _cli.RunAsync("logs", "nobody")).Expect(1).Error);
        Assert.Contains(
            "kept without times", (await _cli.RunAsync("logs", "--since", "5m", "demo")).Expect(1).Error, StringComparison.Ordinal);
        Assert.StartsWith(
            "sandbox: --since: 'soon' is neither a time nor", (await _cli.RunAsync("logs", "--since", "soon", "demo")).Expect(2).Error,
            StringComparison.Ordinal);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    /// <summary>Lines in the place of the agent, which has nothing to say: its standard error is what is kept.</summary>
    private async Task WriteAsync(params IEnumerable<string> lines) =>
        (await _cli.RunAsync(
            "exec", "demo", "--", "sh", "-c", $"for line in {string.Join(' ', lines)}; do echo $line; done >>/proc/$PPID/fd/2"))
        .Expect(0);
}
