using System.Text;
using Sandbox.Agent.Tests.Running;
using Sandbox.Contracts.Envd;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Envd;

public sealed class StartTests(AgentFixture fixture) : IClassFixture<AgentFixture>
{
    private HttpClient Http => fixture.Http;

    [Fact]
    public async Task Start_OfACommand_StreamsStartDataEnd()
    {
        await using var stream = await Http.StartAsync(EnvdProcessCalls.Shell("echo hello; echo oops >&2; exit 7"));

        Assert.True(await stream.StartedAsync() > 1);
        var rest = await stream.ToEndAsync();

        Assert.Equal("hello\n", rest.Text);
        Assert.Equal("oops\n", Encoding.UTF8.GetString(rest.Stderr));
        Assert.Equal(new ProcessEnded(7, true, "exit status 7", "exit status 7"), rest.End);
        Assert.Null(rest.Error);
    }

    [Fact]
    public async Task Start_ThatSucceeds_EndsWithZeroAndNoError()
    {
        var run = await Http.RunAsync(EnvdProcessCalls.Shell(":"));

        Assert.Equal(new ProcessEnded(0, true, "exit status 0"), run.End);
    }

    [Theory]
    [InlineData(9, "signal: killed")]
    [InlineData(15, "signal: terminated")]
    public async Task Start_EndedByASignal_SaysWhich(int signal, string status)
    {
        var run = await Http.RunAsync(EnvdProcessCalls.Shell($"kill -{signal} $$"));

        Assert.Equal(new ProcessEnded(-1, false, status, status), run.End);
    }

    [Fact]
    public async Task Start_WithEnv_PutsItOverTheImagesAndTheOwners()
    {
        await fixture.Agent.InitAsync(600, new Dictionary<string, string> { ["A"] = "owner", ["B"] = "owner" });
        var request = EnvdProcessCalls.Shell("echo $FROM_IMAGE $A $B $HOME $USER $LOGNAME") with { };
        request = request with { Process = request.Process! with { Envs = new Dictionary<string, string> { ["B"] = "request" } } };

        var run = await Http.RunAsync(request);

        var user = Environment.UserName;
        Assert.Equal($"image owner request {Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)} {user} {user}\n", run.Text);
    }

    [Fact]
    public async Task Start_WithAFolder_RunsThere()
    {
        using var folder = new TempFolder();
        var request = EnvdProcessCalls.Shell("pwd");

        var inFolder = await Http.RunAsync(request with { Process = request.Process! with { Cwd = folder.Path } });
        var atHome = await Http.RunAsync(request);

        Assert.Equal(folder.Path + "\n", inFolder.Text);
        Assert.Equal(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + "\n", atHome.Text);
    }

    [Theory]
    [InlineData("no-such-command", null, "not_found", "no-such-command: command not found")]
    [InlineData("/etc/passwd", null, "permission_denied", "/etc/passwd: permission denied")]
    [InlineData("", null, "invalid_argument", "The command is empty.")]
    [InlineData("sh", "/no/such", "invalid_argument", "cwd '/no/such' does not exist")]
    [InlineData("sh", "/no\0such", "invalid_argument", "A command, an argument, a variable or a path holds a NUL character.")]
    public async Task Start_OfWhatCannotRun_EndsWithTheReasonOnly(string command, string? cwd, string code, string message)
    {
        var run = await Http.RunAsync(new StartRequest { Process = new ProcessConfig { Cmd = command, Cwd = cwd } });

        Assert.Equal(new ConnectError(code, message), run.Error);
        Assert.Equal(0, run.Pid);
        Assert.Null(run.End);
    }

    [Fact]
    public async Task Start_WithAnUnknownUser_IsUnauthenticated()
    {
        var run = await Http.RunAsync(EnvdProcessCalls.Shell("id"), ("Authorization", "Basic " + Convert.ToBase64String("nobody-here:"u8)));

        Assert.Equal(new ConnectError("unauthenticated", "There is no user 'nobody-here' in the sandbox."), run.Error);
    }

    [Fact]
    public async Task Start_AsTheUserThatClientsSendByDefault_RunsAsTheAgentWhereThereIsNone()
    {
        var run = await Http.RunAsync(EnvdProcessCalls.Shell("id -u"), ("Authorization", "Basic " + Convert.ToBase64String("user:"u8)));

        Assert.Equal("0\n", run.Text);
    }

    [Fact]
    public async Task Start_AsAnotherUser_HasItsIdsEnvironmentAndDefaultSignals()
    {
        Assert.SkipUnless(Environment.UserName == "root", "only root may start programs as another user");
        var request = EnvdProcessCalls.Shell("id -u; id -g; echo $HOME $USER; grep SigIgn /proc/self/status | tail -c 5; echo \"$1\"");
        request = request with { Process = request.Process! with { Args = [.. request.Process.Args, "sh", "a  b"], Cwd = "/" } };

        var run = await Http.RunAsync(request, ("Authorization", "Basic " + Convert.ToBase64String("nobody:"u8)));

        Assert.Equal("65534\n65534\n/nonexistent nobody\n0000\na  b\n", run.Text);
    }

    [Fact]
    public async Task Start_WithBinaryOutput_KeepsEveryByte()
    {
        var run = await Http.RunAsync(EnvdProcessCalls.Shell("head -c 3000000 /dev/urandom | tee /dev/stderr"));

        Assert.Equal(3_000_000, run.Stdout.Length);
        Assert.Equal(run.Stdout, run.Stderr);
    }

    [Fact]
    public async Task Start_WithABackgroundChildThatKeepsThePipes_EndsWithTheCommand()
    {
        var run = await Http.RunAsync(EnvdProcessCalls.Shell("sleep 1000 & echo $!"));

        Assert.Equal(new ProcessEnded(0, true, "exit status 0"), run.End);
        await Http.RunAsync(EnvdProcessCalls.Shell($"kill {run.Text}"));
    }

    [Fact]
    public async Task Start_WithATimeout_KillsAndSaysSo()
    {
        var run = await Http.RunAsync(EnvdProcessCalls.Shell("sleep 1000 & echo started; wait"), ("Connect-Timeout-Ms", "3000"));

        Assert.Equal("started\n", run.Text);
        Assert.Equal(new ProcessEnded(-1, false, "signal: killed", "signal: killed (timed out after 3 s)"), run.End);
    }

    [Fact]
    public async Task Start_InSilence_SendsKeepalives()
    {
        await using var stream = await Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000"), ("Keepalive-Ping-Interval", "1"));
        var pid = await stream.StartedAsync();

        Assert.NotNull((await stream.NextAsync())?.Keepalive);

        await Http.CallAsync(
            "SendSignal", new SendSignalRequest(new ProcessSelector((uint)pid), ProcessSignal.SIGNAL_SIGKILL),
            EnvdJson.Default.SendSignalRequest);
    }

    [Fact]
    public async Task Start_WithABodyThatIsNoEnvelope_IsAnInvalidArgument()
    {
        await using var stream = await EnvdStream.OpenAsync(Http, "/envd/process.Process/Start", "not json"u8.ToArray(), []);

        Assert.Null(await stream.NextAsync());
        Assert.Equal("invalid_argument", stream.Error?.Code);
    }
}
