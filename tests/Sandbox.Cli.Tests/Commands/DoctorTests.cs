using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sandbox.Cli.Tests.Commands;

public sealed partial class DoctorTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Doctor_WithoutAServer_TellsOfTheOneThatItHosts_AndItsCodeSaysWhetherPromisesHold()
    {
        var told = await _cli.RunAsync("doctor", "--json");

        var result = JsonDocument.Parse(told.Output).RootElement;
        var node = Assert.Single(result.GetProperty("nodes").EnumerateArray());
        var checks = node.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()).ToList();
        Assert.Superset(
            new HashSet<string?>(["agent", "local_isolation", "local_network", "kernel", "privileges", "free_disk"]), checks.ToHashSet());
        Assert.DoesNotContain("engine", checks);
        told.Expect(result.GetProperty("promises_hold").GetBoolean() ? 0 : 1);
    }

    [Fact]
    public async Task Doctor_OfAServerThatAllowsPrivilegedSandboxes_FailsAndSaysWhatToDo()
    {
        using var server = await _cli.ServeAsync("SANDBOX_Security__AllowPrivileged=true");

        var lines = (await _cli.RunAsync("doctor")).Expect(1).Output.TrimEnd('\n').Split('\n');

        var cells = lines.Select(line => line.Split('\t')).ToList();
        Assert.All(cells, row => Assert.True(row.Length == 5, $"five cells were expected: {string.Join('|', row)}"));
        Assert.Contains(cells, row => row is ["server", "callers", "ok", ..]);
        var failed = Assert.Single(cells, row => row[1] == "privileges");
        Assert.Equal(("failed", true), (failed[2], failed[0].StartsWith("node ", StringComparison.Ordinal)));
        Assert.Contains("Security:AllowPrivileged", failed[4], StringComparison.Ordinal);
        foreach (var columns in (int[])[80, 100, 160])
        {
            using var doctor = _cli.StartOnTerminal(columns, "doctor");
            AssertFits(columns, Escapes().Replace((await doctor.EndAsync()).Expect(1).Output, "").ReplaceLineEndings("\n"));
        }
    }

    private static void AssertFits(int columns, string page)
    {
        Assert.All(page.Split('\n'), line => Assert.True(line.Length <= columns, $"{line.Length} characters: {line}"));
        foreach (var text in (string[])["IN EFFECT", "ADVICE", " privileges", "what to do", "checks failed"])
        {
            Assert.True(page.Contains(text, StringComparison.Ordinal), $"at {columns} columns '{text}' was to be seen whole:\n{page}");
        }
    }

    [GeneratedRegex(@"\e(\[[0-9;?]*[A-Za-z]|[=>])")]
    private static partial Regex Escapes();
}
