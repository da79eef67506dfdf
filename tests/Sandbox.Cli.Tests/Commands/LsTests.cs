using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class LsTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Ls_OfNothing_ShowsTheHeadingsOnATerminalOnly()
    {
        using var server = await _cli.ServeAsync();

        using var shown = _cli.StartOnTerminal(columns: 100, "ls");
        var text = (await shown.EndAsync()).Expect(0).Output;

        Assert.All(["ID", "STATE", "IMAGE", "CREATED"], heading => Assert.Contains(heading, text, StringComparison.Ordinal));
        Assert.Equal("", (await _cli.RunAsync("ls")).Expect(0).Output);
    }

    [Fact]
    public async Task Ls_OnATerminal_TellsHowLongAgo_AndPipedTheTime()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        using var shown = _cli.StartOnTerminal(columns: 120, "ls");
        var text = (await shown.EndAsync()).Expect(0).Output;
        var created = (await _cli.RunAsync("ls")).Expect(0).Output.TrimEnd('\n').Split('\t')[^1];

        Assert.Matches("demo.* (seconds?|minutes?) ago|demo.* now", text);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$", created);
        var listed = JsonDocument.Parse((await _cli.RunAsync("ls", "--json")).Expect(0).Output).RootElement;
        Assert.Equal(created, listed[0].GetProperty("create_time").GetString());
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task Ls_WithQuietAndFilters_PrintsTheIdsThatMatch()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "one", "--image", "red", "--", "true")).Expect(0);
        (await _cli.RunAsync("run", "--keep", "--name", "two", "--image", "blue", "--", "true")).Expect(0);

        Assert.Equal("one\n", (await _cli.RunAsync("ls", "-q", "--filter", "image=red")).Expect(0).Output);
        Assert.Equal("[\"two\"]\n", (await _cli.RunAsync("ls", "-q", "--json", "--filter", "image=blue")).Expect(0).Output);
        Assert.Equal("", (await _cli.RunAsync("ls", "-q", "--filter", "image=red", "--filter", "state=pending")).Expect(0).Output);
        Assert.Equal(
            ["one", "two"], (await _cli.RunAsync("ls", "-q")).Expect(0).Output.TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
        (await _cli.RunAsync("rm", "--force", "one")).Expect(0);
        (await _cli.RunAsync("rm", "--force", "two")).Expect(0);
    }
}
