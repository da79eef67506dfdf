using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sandbox.Cli.Tests.Commands;

public sealed partial class TopTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Top_Piped_PrintsEachSandboxOnceAndEnds()
    {
        using var serve = _cli.Start("serve", "--port", "0");
        await serve.SeeAsync("listening on ");
        (await _cli.RunAsync("run", "--keep", "--name", "seen", "--", "true")).Expect(0);

        var lines = (await _cli.RunAsync("top")).Expect(0).Output;
        var same = (await _cli.RunAsync("top", "--once")).Expect(0).Output;
        var view = JsonDocument.Parse((await _cli.RunAsync("top", "--json")).Expect(0).Output).RootElement;

        Assert.StartsWith("sandbox\tseen\trunning\t", Assert.Single(lines.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        Assert.StartsWith("sandbox\tseen\trunning\t", same, StringComparison.Ordinal);
        Assert.Empty(view.GetProperty("nodes").EnumerateArray());
        var row = Assert.Single(view.GetProperty("sandboxes").EnumerateArray());
        Assert.Equal(
            ("seen", "running", 1),
            (row.GetProperty("sandbox_id").GetString(), row.GetProperty("state").GetString(), view.GetProperty("total").GetInt32()));
        Assert.True(
            view.GetProperty("node_use").EnumerateObject().Single().Value.GetProperty("memory_bytes").GetInt64() > 0,
            $"the machine uses memory: {view}");
        (await _cli.RunAsync("rm", "--force", "seen")).Expect(0);
    }

    [Theory]
    [InlineData(100, "SANDBOX STATE NODE IMAGE CPUS MEMORY CPU USED MEM USED AGE STOPS IN")]
    [InlineData(80, "SANDBOX STATE NODE IMAGE ")]
    public async Task Top_OnATerminal_FitsItsColumnsAndKeepsItsHeadingsWhole(int columns, string headings)
    {
        using var server = await _cli.ServeAsync();
        var name = $"seen-{Guid.NewGuid():N}";
        (await _cli.RunAsync("run", "--keep", "--name", name, "--", "true")).Expect(0);

        using var top = _cli.StartOnTerminal(columns, "top", "--once");
        var lines = Escapes().Replace((await top.EndAsync()).Expect(0).Output, "").ReplaceLineEndings("\n").Split('\n');

        Assert.All(lines, line => Assert.True(line.Length <= columns, $"{line.Length} characters: {line}"));
        var heading = Assert.Single(lines, line => line.Contains("SANDBOX", StringComparison.Ordinal));
        Assert.StartsWith(headings, Spaces().Replace(heading.Trim(), " "), StringComparison.Ordinal);
        Assert.Single(lines, line => line.TrimStart().StartsWith("seen-", StringComparison.Ordinal));
        (await _cli.RunAsync("rm", "--force", name)).Expect(0);
    }

    [Fact]
    public async Task NodeToken_OfAServerThatIsNoCluster_IsRefusedWithThatReason()
    {
        using var serve = _cli.Start("serve", "--port", "0");
        await serve.SeeAsync("listening on ");

        var refused = await _cli.RunAsync("node", "token", "create");
        var listed = (await _cli.RunAsync("node", "token", "ls", "--json")).Expect(0).Output;

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("This server is no cluster", refused.Error, StringComparison.Ordinal);
        Assert.Equal("[]", listed.Trim());
        Assert.Contains(
            "ttl_seconds", (await _cli.RunAsync("node", "token", "create", "--expires", "30d")).Error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\e(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escapes();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
