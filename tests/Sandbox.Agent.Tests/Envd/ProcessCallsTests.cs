using System.Net;
using Sandbox.Agent.Tests.Running;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Tests.Envd;

public sealed class ProcessCallsTests(AgentFixture fixture) : IClassFixture<AgentFixture>
{
    private HttpClient Http => fixture.Http;

    [Fact]
    public async Task SendInput_ThenCloseStdin_ReachesTheProcessWhole()
    {
        var input = new byte[1_000_000];
        Random.Shared.NextBytes(input);
        await using var stream = await Http.StartAsync(new StartRequest { Process = new ProcessConfig { Cmd = "cat" } });
        var selector = new ProcessSelector((uint)await stream.StartedAsync());

        var run = stream.ToEndAsync();
        foreach (var piece in input.Chunk(300_000))
        {
            var answer = await Http.CallAsync(
                "SendInput", new SendInputRequest(selector, new ProcessInput(piece)), EnvdJson.Default.SendInputRequest);
            Assert.Equal((HttpStatusCode.OK, "{}"), answer);
        }

        await Http.CallAsync("CloseStdin", new CloseStdinRequest(selector), EnvdJson.Default.CloseStdinRequest);

        Assert.Equal(input, (await run).Stdout);
    }

    [Fact]
    public async Task SendInput_AfterCloseStdin_IsAFailedPrecondition()
    {
        await using var stream = await Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000") with { Stdin = true });
        var selector = new ProcessSelector((uint)await stream.StartedAsync());
        await Http.CallAsync("CloseStdin", new CloseStdinRequest(selector), EnvdJson.Default.CloseStdinRequest);

        var answer = await Http.CallAsync(
            "SendInput", new SendInputRequest(selector, new ProcessInput([65])), EnvdJson.Default.SendInputRequest);
        await KillAsync(selector);

        Assert.Equal((HttpStatusCode.BadRequest, """{"code":"failed_precondition","message":"The standard input of this process is closed."}"""), answer);
    }

    [Fact]
    public async Task SendSignal_Kill_EndsEveryProcessOfTheSession()
    {
        await using var stream = await Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000 & sleep 1000 | cat & echo up; wait"));
        var pid = await stream.StartedAsync();
        await stream.UntilAsync("up");

        await KillAsync(new ProcessSelector((uint)pid));

        Assert.Equal("signal: killed", (await stream.ToEndAsync()).End?.Status);
        await Wait.UntilAsync(() => !Memory.SessionLives(pid), "processes of a killed session live on");
    }

    [Fact]
    public async Task SendSignal_Interrupt_ReachesTheProcessGroup()
    {
        await using var stream = await Http.StartAsync(
            EnvdProcessCalls.Shell("trap 'echo caught; exit 6' INT; echo up; while :; do sleep 1; done"));
        var pid = await stream.StartedAsync();
        await stream.UntilAsync("up");

        await Http.CallAsync(
            "SendSignal", new SendSignalRequest(new ProcessSelector((uint)pid), ProcessSignal.SIGNAL_SIGINT),
            EnvdJson.Default.SendSignalRequest);

        Assert.Equal(6, (await stream.ToEndAsync()).End?.ExitCode);
    }

    [Fact]
    public async Task Terminal_TakesInputSizesAndControlCharacters()
    {
        var request =
            new StartRequest
            {
                Process = new ProcessConfig
                {
                    Cmd = "sh",
                    Args = ["-i"],
                    Envs = new Dictionary<string, string> { ["PS1"] = "$ " }
                },
                Pty = new Pty(new PtySize(100, 40))
            };
        await using var stream = await Http.StartAsync(request);
        var selector = new ProcessSelector((uint)await stream.StartedAsync());

        await TypeAsync(selector, "stty size\n");
        await stream.UntilAsync("40 100");
        await Http.CallAsync("Update", new UpdateRequest(selector, new Pty(new PtySize(61, 21))), EnvdJson.Default.UpdateRequest);
        await TypeAsync(selector, "stty size\n");
        await stream.UntilAsync("21 61");
        await TypeAsync(selector, "sh -c 'echo up-$((1+1)); exec sleep 1000'\n");
        await stream.UntilAsync("up-2");
        await TypeAsync(selector, "\x03");
        await TypeAsync(selector, "exit 9\n");

        Assert.Equal(9, (await stream.ToEndAsync()).End?.ExitCode);
    }

    [Fact]
    public async Task List_ShowsRunningProcessesWithTheirConfigAndTag()
    {
        await using var stream = await Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000") with { Tag = "mine" });
        var pid = await stream.StartedAsync();

        var (_, list) = await Http.CallAsync("List", new ListRequest(), EnvdJson.Default.ListRequest);
        var killed = await KillAsync(new ProcessSelector(Tag: "mine"));
        await stream.ToEndAsync();

        Assert.Contains(
            "{\"config\":{\"cmd\":\"sh\",\"args\":[\"-c\",\"sleep 1000\"],\"envs\":{}},\"pid\":" + pid + ",\"tag\":\"mine\"}", list,
            StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.OK, "{}"), killed);
    }

    [Fact]
    public async Task Call_AboutAnUnknownProcess_IsNotFound()
    {
        var answer = await KillAsync(new ProcessSelector(4_000_000));

        Assert.Equal((HttpStatusCode.NotFound, """{"code":"not_found","message":"process with pid 4000000 not found"}"""), answer);
    }

    [Fact]
    public async Task Call_WithoutASelector_IsAnInvalidArgument()
    {
        var answer = await KillAsync(new ProcessSelector());

        Assert.Equal((HttpStatusCode.BadRequest, """{"code":"invalid_argument","message":"A process is selected by \u0027pid\u0027 or \u0027tag\u0027."}"""), answer);
    }

    private Task<(HttpStatusCode Status, string Body)> KillAsync(ProcessSelector selector) =>
        Http.CallAsync("SendSignal", new SendSignalRequest(selector, ProcessSignal.SIGNAL_SIGKILL), EnvdJson.Default.SendSignalRequest);

    private Task<(HttpStatusCode Status, string Body)> TypeAsync(ProcessSelector selector, string text) =>
        Http.CallAsync(
            "SendInput", new SendInputRequest(selector, new ProcessInput(Pty: System.Text.Encoding.UTF8.GetBytes(text))),
            EnvdJson.Default.SendInputRequest);
}
