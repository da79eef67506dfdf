using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Sandbox.Agent.Native;
using Sandbox.Agent.Tests.Running;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Tests.Owner;

/// <summary>How an agent finds its owners, and how it ends.</summary>
public sealed class LifeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Soon => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Agent_WhoseOwnerComesBackWithANewSocket_DialsAgainAndKeptItsProcesses()
    {
        await using var agent = await RunningAgent.StartAsync();
        int pid;
        await using (var stream = await agent.Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000")))
        {
            pid = await stream.StartedAsync();
            await agent.RestartOwnerAsync();
        }

        var status = await agent.StatusAsync();
        await using var again = await agent.Http.ConnectAsync(pid);

        Assert.Equal(1, status.Processes);
        Assert.Equal(pid, await again.StartedAsync());
    }

    [Fact]
    public async Task Agent_KeepsFourSpareConnections_AlsoWhileSomeAreUsed()
    {
        await using var agent = await RunningAgent.StartAsync();
        await using var first = await agent.Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000"));
        await using var second = await agent.Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000"));

        await Wait.UntilAsync(() => agent.Owner.Idle == 4, "four connections should be spare beside the used ones");
    }

    [Fact]
    public async Task Connection_ThatWasUsedOnce_StaysOpenForTheNextCall()
    {
        await using var agent = await RunningAgent.StartAsync();
        using var socket = await agent.Owner.TakeConnectionAsync(Soon);
        var buffer = new byte[4096];
        await socket.SendAsync("GET /agent/status HTTP/1.1\r\nHost: agent\r\n\r\n"u8.ToArray(), Soon);
        Assert.True(await socket.ReceiveAsync(buffer, Soon) > 0);

        // The server looks at its idle connections every second.
        var next = socket.ReceiveAsync(buffer, Soon).AsTask();
        await Assert.ThrowsAsync<TimeoutException>(() => next.WaitAsync(TimeSpan.FromSeconds(4), Soon));
    }

    [Fact]
    public async Task Agent_WithoutAnOwnerForItsGrace_EndsItselfAndEverythingInside()
    {
        await using var agent = await RunningAgent.StartAsync(options: ["--grace", "600"]);
        await agent.InitAsync(graceSeconds: 1);
        var daemon = await StartDaemonAsync(agent);

        await agent.Owner.DisposeAsync();
        var status = await agent.Exited.WaitAsync(Patience, Soon);

        Assert.Equal(new ExitStatus(0, 0), status);
        await Wait.UntilAsync(
            () => agent.Log.Contains("No owner has been connected for 00:00:01", StringComparison.Ordinal),
            "the agent was to say why it ends");
        await Wait.UntilAsync(() => !Memory.SessionLives(daemon), "a process that made itself independent outlived its agent");
    }

    [Fact]
    public async Task Agent_WithAnOwner_OutlivesItsGrace()
    {
        await using var agent = await RunningAgent.StartAsync();
        await agent.InitAsync(graceSeconds: 0.2);

        // Longer than the grace, timed by the agent's own side of the clock.
        var run = await agent.Http.RunAsync(EnvdProcessCalls.Shell("sleep 1; echo alive"));

        Assert.Equal("alive\n", run.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Agent_ToldToEnd_EndsAllProcessesFirst(bool byCall)
    {
        await using var agent = await RunningAgent.StartAsync();
        var daemon = await StartDaemonAsync(agent);
        await using var stream = await agent.Http.StartAsync(
            EnvdProcessCalls.Shell("trap '' HUP TERM; echo up; while :; do sleep 1; done"));
        var stubborn = await stream.StartedAsync();
        await stream.UntilAsync("up");

        if (byCall)
        {
            using var answer = await agent.Http.PostAsync(AgentRoutes.Shutdown, null, Soon);
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }
        else
        {
            agent.Signal(Signals.Terminate);
        }

        Assert.Equal(new ExitStatus(0, 0), await agent.Exited.WaitAsync(Patience, Soon));
        await Wait.UntilAsync(() => !Memory.SessionLives(daemon) && !Memory.SessionLives(stubborn), "processes outlived their agent");
    }

    [Fact]
    public async Task Orphans_OfEndedCommands_AreReaped()
    {
        await using var agent = await RunningAgent.StartAsync();
        var run = await agent.Http.RunAsync(EnvdProcessCalls.Shell("(setsid sh -c 'exec sleep 0.2' & echo $!) | cat"));

        await Wait.UntilAsync(() => Children(agent.Pid).Length == 0, $"the agent has unreaped children: {Children(agent.Pid)}; {run.Text}");
    }

    [Fact]
    public async Task Status_CountsCallsAndProcesses_ButNotTheOwnersOwnCalls()
    {
        await using var agent = await RunningAgent.StartAsync();
        await agent.InitAsync(graceSeconds: 60);
        var before = await agent.StatusAsync();
        await using var stream = await agent.Http.StartAsync(EnvdProcessCalls.Shell("sleep 1000"));
        await stream.StartedAsync();
        var during = await agent.StatusAsync();

        Assert.Equal(("box", 0, 0), (before.SandboxId, before.CallsInFlight, before.Processes));
        Assert.Equal((1, 1, 0L), (during.CallsInFlight, during.Processes, during.IdleMilliseconds));
    }

    [Fact]
    public async Task Call_OfAnUnknownRouteOrMethod_IsRefused()
    {
        await using var agent = await RunningAgent.StartAsync();

        using var route = await agent.Http.GetAsync("/no/such", Soon);
        using var method = await agent.Http.GetAsync(AgentRoutes.Init, Soon);
        using var body = await agent.Http.PostAsync(AgentRoutes.Init, new StringContent("{"), Soon);

        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.BadRequest],
            [route.StatusCode, method.StatusCode, body.StatusCode]);
        Assert.False(route.Headers.Contains("Server"));
    }

    [Fact]
    public async Task AgentThatListens_ServesOnlyThoseWithItsToken()
    {
        const string token = "0123456789abcdef0123";
        using var folder = new Sandbox.Testing.TempFolder();
        await File.WriteAllTextAsync(folder.File("token"), token + "\n", Soon);
        var port = Sandbox.Testing.ReservedPorts.Next();
        await using var agent = await RunningAgent.StartAloneAsync(["--listen", $"127.0.0.1:{port}", "--token-file", folder.File("token")]);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Wait.UntilAsync(() => agent.AnswersAsync(http), "the agent never listened");

        using var without = await http.GetAsync(AgentRoutes.Status, Soon);
        http.DefaultRequestHeaders.Add(AgentRoutes.TokenHeader, token + "x");
        using var wrong = await http.GetAsync(AgentRoutes.Status, Soon);
        http.DefaultRequestHeaders.Remove(AgentRoutes.TokenHeader);
        http.DefaultRequestHeaders.Add(AgentRoutes.TokenHeader, token);
        var run = await http.RunAsync(EnvdProcessCalls.Shell("echo in"));

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized], [without.StatusCode, wrong.StatusCode]);
        Assert.Equal("in\n", run.Text);
    }

    /// <summary>Every pod of a pool can read the pool's token: in another pod it opens nothing that is anybody's.</summary>
    [Fact]
    public async Task AgentOfAPool_IsOpenedByThePoolsTokenForItsFirstInitOnly()
    {
        const string pools = "0123456789abcdef0123", own = "another-token-of-one-incarnation";
        using var folder = new Sandbox.Testing.TempFolder();
        await File.WriteAllTextAsync(folder.File("token"), pools, Soon);
        var port = Sandbox.Testing.ReservedPorts.Next();
        await using var agent = await RunningAgent.StartAloneAsync(
            ["--listen", $"127.0.0.1:{port}", "--token-file", folder.File("token"), "--token-for", "init"]);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Wait.UntilAsync(() => agent.AnswersAsync(http), "the agent never listened");

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, pools, AgentRoutes.Status));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, pools, AgentRoutes.Envd + "/files?path=/etc/hosts"));
        Assert.Equal(HttpStatusCode.BadRequest, await AskAsync(http, pools, AgentRoutes.Init, "short"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, pools, AgentRoutes.Init, own));

        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, pools, AgentRoutes.Init, own));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, pools, AgentRoutes.Status));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, own, AgentRoutes.Status));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, own, AgentRoutes.Init, own));
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, string shown, string path, string? newToken = null)
    {
        using var request = new HttpRequestMessage(newToken is null ? HttpMethod.Get : HttpMethod.Post, path);
        request.Headers.Add(AgentRoutes.TokenHeader, shown);
        request.Content = newToken is null ? null : JsonContent.Create(
            new AgentInit { SandboxId = "s", Incarnation = "i", GraceSeconds = 0, Token = newToken }, AgentJson.Default.AgentInit);
        using var answer = await http.SendAsync(request, Soon);
        return answer.StatusCode;
    }

    [Fact]
    public async Task AgentThatDialsTcp_ShowsItsTokenFirst()
    {
        using var folder = new Sandbox.Testing.TempFolder();
        await File.WriteAllTextAsync(folder.File("token"), "0123456789abcdef", Soon);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var agent = await RunningAgent.StartAloneAsync(
            ["--dial", $"tcp:127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", "--token-file", folder.File("token")]);
        using var client = await listener.AcceptTcpClientAsync(Soon).AsTask().WaitAsync(Patience, Soon);
        var stream = client.GetStream();
        var hello = new byte["sandbox-agent/1 0123456789abcdef\n".Length];
        await stream.ReadExactlyAsync(hello, Soon).AsTask().WaitAsync(Patience, Soon);

        await stream.WriteAsync("GET /agent/status HTTP/1.1\r\nHost: agent\r\nConnection: close\r\n\r\n"u8.ToArray(), Soon);
        using var reader = new StreamReader(stream);
        var answer = await reader.ReadToEndAsync(Soon).WaitAsync(Patience, Soon);

        Assert.Equal("sandbox-agent/1 0123456789abcdef\n", System.Text.Encoding.ASCII.GetString(hello));
        Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
    }

    /// <summary>A process that left its session and its parent.</summary>
    private static async Task<int> StartDaemonAsync(RunningAgent agent)
    {
        var run = await agent.Http.RunAsync(EnvdProcessCalls.Shell("setsid sh -c 'echo $$; exec sleep 1000 >/dev/null 2>&1' &"));
        return int.Parse(run.Text, null);
    }

    private static string Children(int pid) => string.Concat(Directory.GetDirectories($"/proc/{pid}/task").Select(ChildrenOf));

    /// <summary>A thread that has ended meanwhile has none.</summary>
    private static string ChildrenOf(string thread)
    {
        try
        {
            return File.ReadAllText(thread + "/children");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
