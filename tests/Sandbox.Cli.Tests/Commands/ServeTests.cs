using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class ServeTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Serve_BeyondThisMachineWithoutAKey_IsRefused()
    {
        var serve = (await _cli.RunAsync("serve", "--host", "0.0.0.0", "--port", "18080")).Expect(1);

        Assert.Equal(
            "sandbox: Refusing to listen on 0.0.0.0:18080: other machines could use this server without a key. "
            + "Listen on 127.0.0.1, or configure API keys (Api:KeyFile, Api:KeyHashes, or sandbox key create).",
            // Log lines may stand before it: without an engine, that none answers.
            serve.Error.TrimEnd('\n').Split('\n')[^1]);
    }

    [Fact]
    public async Task Serve_OnAFolderThatIsServed_IsRefused()
    {
        using var first = await ServeAsync();

        var second = (await _cli.RunAsync("serve", "--port", "0")).Expect(1);

        Assert.Equal($"sandbox: the data folder {_cli.DataFolder} is in use by another process; choose one with --data\n", second.Error);
    }

    [Fact]
    public async Task Serve_OnATerminatingSignal_EndsAtOnceWithCodeZero()
    {
        using var serve = await ServeAsync();

        serve.Signal("TERM");

        (await serve.EndAsync()).Expect(0);
    }

    [Fact]
    public async Task Run_WhileAnotherProcessServes_IsItsClient()
    {
        using var serve = await ServeAsync();

        Assert.Equal("joined\n", (await _cli.RunAsync("run", "--", "echo", "joined")).Expect(0).Output);
    }

    [Fact]
    public async Task Run_ThatHostsTheServer_StaysUntilThoseWhoJoinedHaveEnded()
    {
        using var owner = _cli.Start("run", "--", "sh", "-c", "echo owner; read line");
        await owner.SeeAsync("owner");
        using var visitor = _cli.Start("run", "--", "sh", "-c", "echo visitor; read line; echo \"got $line\"");
        await visitor.SeeAsync("visitor");

        owner.CloseInput();
        using (var third = _cli.Start("ls", "--json"))
        {
            (await third.EndAsync()).Expect(0);
        }

        await visitor.TypeAsync("it\n");

        Assert.Equal("visitor\ngot it\n", (await visitor.EndAsync()).Expect(0).Output);
        (await owner.EndAsync()).Expect(1);
    }

    [Fact]
    public async Task Serve_KilledAndStartedAgain_FindsItsSandboxesAndTheirProcessesUntouched()
    {
        var first = await ServeAsync();
        foreach (var name in new[] { "one", "two", "three" })
        {
            (await _cli.RunAsync("run", "--keep", "--name", name, "--", "true")).Expect(0);
        }

        var pid = (await _cli.RunAsync(
            "exec", "--detach", "one", "--", "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >> count; sleep 0.05; done")).Expect(0)
                .Output.Trim();
        first.Signal("KILL");
        await first.EndAsync();
        first.Dispose();

        using var second = await ServeAsync();

        var listed = JsonDocument.Parse((await _cli.RunAsync("ls", "--json")).Expect(0).Output).RootElement.EnumerateArray()
            .Select(row => (row.GetProperty("sandbox_id").GetString(), row.GetProperty("state").GetString())).Order();
        Assert.Equal([("one", "running"), ("three", "running"), ("two", "running")], listed);
        Assert.StartsWith(pid + "\t", (await _cli.RunAsync("ps", "one")).Expect(0).Output, StringComparison.Ordinal);
        var before = await CountAsync();
        Assert.True(before > 0, "the loop counted before and during the outage");
        Assert.True(await CountAsync() > before, "the loop still counts: between two looks lies the start of a whole program");
        foreach (var name in new[] { "one", "two", "three" })
        {
            (await _cli.RunAsync("rm", "--force", name)).Expect(0);
        }
    }

    private async Task<int> CountAsync() =>
        int.Parse(
            (await _cli.RunAsync("exec", "one", "--", "tail", "-n", "1", "count")).Expect(0).Output,
            System.Globalization.CultureInfo.InvariantCulture);

    private async Task<RunningCli> ServeAsync()
    {
        var server = _cli.Start("serve", "--port", "0");
        await server.SeeAsync("listening on ");
        return server;
    }
}
