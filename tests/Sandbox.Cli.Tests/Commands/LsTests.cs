using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sandbox.Cli.Tests.Commands;

public sealed partial class LsTests : IDisposable
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
    public async Task Ls_OfAll_AlsoListsWhatIsStoppedOrWasDeletedLately()
    {
        using var server = await _cli.ServeAsync();
        foreach (var name in (string[])["runs", "stopped", "gone"])
        {
            (await _cli.RunAsync("run", "--keep", "--name", name, "--", "true")).Expect(0);
        }

        (await _cli.RunAsync("stop", "stopped")).Expect(0);
        (await _cli.RunAsync("rm", "--force", "gone")).Expect(0);

        Assert.Equal("runs\n", (await _cli.RunAsync("ls", "-q")).Expect(0).Output);
        Assert.Equal(
            ["gone deleted", "runs running", "stopped stopped"],
            (await _cli.RunAsync("ls", "-a")).Expect(0).Output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t'))
                .Select(cells => $"{cells[0]} {cells[1]}").Order(StringComparer.Ordinal));
        Assert.Equal("stopped\n", (await _cli.RunAsync("ls", "-q", "--filter", "state=stopped")).Expect(0).Output);
        Assert.Equal("gone\n", (await _cli.RunAsync("ls", "-a", "-q", "--filter", "state=deleted")).Expect(0).Output);
        var all = JsonDocument.Parse((await _cli.RunAsync("ls", "-a", "--json")).Expect(0).Output).RootElement.EnumerateArray();
        var gone = all.Single(row => row.GetProperty("sandbox_id").GetString() == "gone");
        Assert.True(DateTimeOffset.TryParse(gone.GetProperty("delete_time").GetString(), out _), $"when it was deleted: {gone}");
        (await _cli.RunAsync("rm", "--force", "runs")).Expect(0);
        (await _cli.RunAsync("rm", "stopped")).Expect(0);
    }

    [Theory]
    [InlineData(80, "ID STATE")]
    [InlineData(160, "ID STATE IMAGE CPUS MEMORY CREATED SINCE")]
    public async Task Ls_OnATerminal_FitsItsColumnsAndKeepsIdsWhole(int columns, string headings)
    {
        using var server = await _cli.ServeAsync();
        var name = $"a-name-of-as-many-characters-as-an-id-may-have-{Guid.NewGuid():N}"[..63];
        (await _cli.RunAsync("run", "--keep", "--name", name, "--image", $"registry.example/{new string('x', 90)}:1", "--", "true"))
            .Expect(0);

        using var ls = _cli.StartOnTerminal(columns, "ls", "-a");
        var lines = Escapes().Replace((await ls.EndAsync()).Expect(0).Output, "").ReplaceLineEndings("\n").Split('\n');

        Assert.All(lines, line => Assert.True(line.Length <= columns, $"{line.Length} characters: {line}"));
        var heading = Assert.Single(lines, line => line.Contains("STATE", StringComparison.Ordinal));
        Assert.Equal(headings, Spaces().Replace(heading.Trim(), " "));
        Assert.Single(lines, line => line.TrimStart().StartsWith(name + " ", StringComparison.Ordinal));
        (await _cli.RunAsync("rm", "--force", name)).Expect(0);
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

    [GeneratedRegex(@"\e(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escapes();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
