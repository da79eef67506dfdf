using Sandbox.Agent.Processes;
using Sandbox.Agent.Tests.Running;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Tests.Envd;

/// <summary>The rules of Processes/README.md, over real connections.</summary>
public sealed class StreamingTests(AgentFixture fixture) : IClassFixture<AgentFixture>
{
    private HttpClient Http => fixture.Http;

    [Fact]
    public async Task Output_OfAnySize_ArrivesWhole()
    {
        const int size = 200 * 1024 * 1024;
        await using var stream = await Http.StartAsync(EnvdProcessCalls.Shell($"yes 0123456789abcde | head -c {size}"));
        var (total, sum) = (0L, 0L);
        while (await stream.NextAsync() is { } next)
        {
            var bytes = next.Data?.Stdout ?? [];
            total += bytes.Length;
            sum += bytes.Sum(value => (long)value);
        }

        Assert.Equal(size, total);
        Assert.Equal(size / 16 * "0123456789abcde\n".Sum(letter => (long)letter), sum);
    }

    [Fact]
    public async Task Output_ForAReaderThatStandsStill_MakesTheProcessWaitAndStaysBounded()
    {
        const int chunks = 400;
        await using var stream = await Http.StartAsync(EnvdProcessCalls.Shell(
            $"i=0; while [ $i -lt {chunks} ]; do head -c 100000 /dev/zero; i=$((i+1)); done"));
        var pid = await stream.StartedAsync();
        var before = Memory.AnonymousBytes(fixture.Agent.Pid);

        await Memory.StandstillAsync(pid);
        var grown = Memory.AnonymousBytes(fixture.Agent.Pid) - before;
        var run = await stream.ToEndAsync();

        Assert.True(grown < 8 * 1024 * 1024, $"the agent grew by {grown} bytes while one reader stood still");
        Assert.Equal(chunks * 100_000, run.Stdout.Length);
        Assert.Equal(0, run.End?.ExitCode);
    }

    [Fact]
    public async Task Output_WithoutAnyReader_NeverBlocksTheProcess()
    {
        var file = Path.GetTempFileName();
        await using (var stream = await Http.StartAsync(EnvdProcessCalls.Shell($"echo go; head -c 20000000 /dev/zero; echo done > {file}")))
        {
            await stream.UntilAsync("go");
        }

        await Wait.UntilAsync(() => new FileInfo(file).Length > 0, "the process without a reader never got to its end");
        File.Delete(file);
    }

    [Fact]
    public async Task Process_WhoseClientLeft_IsKeptAndReplaysItsOutput()
    {
        int pid;
        await using (var first = await Http.StartAsync(
            EnvdProcessCalls.Shell("echo one; read line; echo two; exit 3") with { Stdin = true }))
        {
            pid = await first.StartedAsync();
            await first.UntilAsync("one");
        }

        await using var second = await Http.ConnectAsync(pid, replay: true);
        Assert.Equal(pid, await second.StartedAsync());
        await second.UntilAsync("one");
        await InputAsync(pid, "x\n"u8.ToArray());
        var rest = await second.ToEndAsync();

        Assert.Equal("two\n", rest.Text);
        Assert.Equal(3, rest.End?.ExitCode);
    }

    [Fact]
    public async Task Connect_WithoutReplay_SeesOnlyWhatComes()
    {
        await using var first = await Http.StartAsync(EnvdProcessCalls.Shell("echo one; read line; echo two") with { Stdin = true });
        var pid = await first.StartedAsync();
        await first.UntilAsync("one");

        await using var second = await Http.ConnectAsync(pid);
        await second.StartedAsync();
        await InputAsync(pid, "x\n"u8.ToArray());

        Assert.Equal("two\n", (await second.ToEndAsync()).Text);
        Assert.Equal("two\n", (await first.ToEndAsync()).Text);
    }

    [Fact]
    public async Task Process_ThatEndedUnseen_CanStillBeReadOnce()
    {
        int pid;
        await using (var first = await Http.StartAsync(EnvdProcessCalls.Shell("read line; echo last; exit 4") with { Stdin = true }))
        {
            pid = await first.StartedAsync();
        }

        await Wait.UntilAsync(
            async () => (await fixture.Agent.StatusAsync()).CallsInFlight == 0, "the agent never noticed that its client left");
        await InputAsync(pid, "x\n"u8.ToArray());
        await Wait.UntilAsync(
            async () => !(await ListAsync()).Contains($"\"pid\":{pid},", StringComparison.Ordinal), "the process never left the list");
        await using var second = await Http.ConnectAsync(pid, replay: true);
        var run = await second.ToEndAsync();
        await using var third = await Http.ConnectAsync(pid, replay: true);
        var gone = await third.ToEndAsync();

        Assert.Equal(("last\n", 4), (run.Text, run.End?.ExitCode));
        Assert.Equal(new ConnectError("not_found", $"process with pid {pid} not found"), gone.Error);
    }

    [Fact]
    public async Task Replay_AfterMuchOutput_GivesTheLastOfItInOrder()
    {
        int pid;
        await using (var first = await Http.StartAsync(EnvdProcessCalls.Shell("seq 1 600000; echo end; read line") with { Stdin = true }))
        {
            pid = await first.StartedAsync();
        }

        await using var second = await Http.ConnectAsync(pid, replay: true);
        await second.StartedAsync();
        var seen = await second.UntilAsync("end");
        await InputAsync(pid, "x\n"u8.ToArray());

        Assert.InRange(seen.Length, OutputLog.Capacity / 4, 5_000_000);
        Assert.EndsWith("599998\n599999\n600000\nend\n", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_ToBeKilledOnDisconnect_IsKilledAfterTheGrace()
    {
        int pid;
        await using (var first = await Http.StartAsync(EnvdProcessCalls.Shell("echo go; sleep 1000") with { OnDisconnect = "kill" }))
        {
            pid = await first.StartedAsync();
            await first.UntilAsync("go");
        }

        await Wait.UntilAsync(
            () => !Directory.Exists($"/proc/{pid}"), "ten seconds after its last reader left the process should be killed");
        await using var second = await Http.ConnectAsync(pid, replay: true);
        var run = await second.ToEndAsync();
        Assert.Equal("signal: killed (abandoned by its last reader)", run.End?.Error);
    }

    private async Task InputAsync(int pid, byte[] bytes)
    {
        var request = new SendInputRequest(new ProcessSelector((uint)pid), new ProcessInput(bytes));
        var (status, body) = await Http.CallAsync("SendInput", request, EnvdJson.Default.SendInputRequest);
        Assert.True(status == System.Net.HttpStatusCode.OK, body);
    }

    private async Task<string> ListAsync() => (await Http.CallAsync("List", new ListRequest(), EnvdJson.Default.ListRequest)).Body;
}
