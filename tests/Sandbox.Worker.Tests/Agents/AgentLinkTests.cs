using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Node.Agents;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Agents;

public sealed class AgentLinkTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    internal const string StatusJson = """{"version":"1","pid":7,"sandboxId":"s1","callsInFlight":0,"idleMilliseconds":5,"processes":0,"sessions":0}""";

    private readonly TempFolder _folder = new();
    private readonly ListeningTransport _transport;
    private readonly AgentLink _link;

    public AgentLinkTests()
    {
        _transport = ListeningTransport.Open(SocketFile, TimeProvider.System);
        _link = new AgentLink(SandboxId.Parse("s1"), IncarnationId.New(), _transport, TimeProvider.System);
    }

    private string SocketFile => _folder.File("run/s");

    [Fact]
    public async Task Link_AgentDials_IsConnectedAndAnswers()
    {
        await using var agent = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(StatusJson));

        await _link.Connected.WaitAsync(Soon);
        var answer = await _link.StatusAsync(CancellationToken.None);

        Assert.True(answer.TryGet(out var status, out var error), error?.Text);
        Assert.Equal(7, status.Pid);
    }

    [Fact]
    public async Task Link_Init_SendsWhatTheAgentNeeds()
    {
        var received = new TaskCompletionSource<string>();
        await using var agent = await FakeAgent.StartAsync(SocketFile, async context =>
        {
            received.TrySetResult(
                $"{context.Request.Method} {context.Request.Path} {await new StreamReader(context.Request.Body).ReadToEndAsync()}");
            await context.Response.WriteAsync(StatusJson);
        });
        await _link.Connected.WaitAsync(Soon);

        await _link.InitAsync(new AgentInit { SandboxId = "s1", Incarnation = "i", GraceSeconds = 60 }, CancellationToken.None);

        var request = await received.Task.WaitAsync(Soon);
        Assert.StartsWith("POST /agent/init {\"sandboxId\":\"s1\"", request, StringComparison.Ordinal);
        Assert.Contains("\"graceSeconds\":60", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_ManyCallsAtOnce_AllAnswer()
    {
        await using var agent = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(StatusJson));
        await _link.Connected.WaitAsync(Soon);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => _link.StatusAsync(CancellationToken.None))).WaitAsync(Soon);

        Assert.All(answers, answer => Assert.True(answer.TryGet(out _, out var error), error?.Text));
    }

    [Fact]
    public async Task Link_AgentDies_IsLostAndCallsFailAtOnce()
    {
        var lost = new TaskCompletionSource();
        _transport.Lost += lost.SetResult;
        var agent = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(StatusJson));
        await _link.Connected.WaitAsync(Soon);

        await agent.DisposeAsync();

        await lost.Task.WaitAsync(Soon);
        Assert.False(_link.IsConnected);
        var answer = await _link.StatusAsync(CancellationToken.None);
        Assert.False(answer.TryGet(out _, out _));
        await Assert.ThrowsAnyAsync<IOException>(async () => await _transport.ConnectAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Link_AgentDiesWhileAllConnectionsAreUsed_IsLost()
    {
        var lost = new TaskCompletionSource();
        _transport.Lost += lost.SetResult;
        using var dialled = Dial();
        await _link.Connected.WaitAsync(Soon);
        await using var used = await _transport.ConnectAsync(CancellationToken.None);

        dialled.Dispose();

        await lost.Task.WaitAsync(Soon);
    }

    [Fact]
    public async Task Link_AgentComesBack_IsConnectedAgainAndCountsTheLoss()
    {
        var lost = new TaskCompletionSource();
        _transport.Lost += lost.SetResult;
        var first = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(StatusJson));
        await _link.Connected.WaitAsync(Soon);
        await first.DisposeAsync();
        await lost.Task.WaitAsync(Soon);

        await using var second = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(StatusJson));

        await _link.Connected.WaitAsync(Soon);
        Assert.Equal(1, _link.Losses);
        Assert.True((await _link.StatusAsync(CancellationToken.None)).TryGet(out _, out var error), error?.Text);
    }

    [Fact]
    public async Task Link_ConnectionDiesWhileIdle_IsNeverUsed()
    {
        using var dead = Dial();
        await _link.Connected.WaitAsync(Soon);
        dead.Dispose();
        await using var agent = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(StatusJson));

        Assert.True((await _link.StatusAsync(CancellationToken.None)).TryGet(out _, out var error), error?.Text);
    }

    [Fact]
    public async Task Link_AgentSpeaksFirst_IsHungUpOn()
    {
        using var talker = Dial();
        await talker.SendAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n\r\n"));

        // Closed with bytes unread, so the other side sees a reset.
        await Assert.ThrowsAsync<SocketException>(() => talker.ReceiveAsync(new byte[1]).WaitAsync(Soon));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"pid":"x"}""")]
    [InlineData("null")]
    public async Task Link_AnswerIsNonsense_IsAnErrorValue(string body)
    {
        await using var agent = await FakeAgent.StartAsync(SocketFile, context => context.Response.WriteAsync(body));
        await _link.Connected.WaitAsync(Soon);

        Assert.False((await _link.StatusAsync(CancellationToken.None)).TryGet(out _, out var error));
        Assert.StartsWith("Sandbox s1 does not answer: its ", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_AnswerIsEndless_IsCutOff()
    {
        await using var agent = await FakeAgent.StartAsync(SocketFile, async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string(' ', 4096), context.RequestAborted);
            }
        });
        await _link.Connected.WaitAsync(Soon);

        Assert.False((await _link.StatusAsync(CancellationToken.None)).TryGet(out _, out _));
    }

    [Fact]
    public async Task Link_AgentDialsWithoutEnd_HoldsBoundedConnections()
    {
        var dialled = Enumerable.Range(0, 16).Select(_ => Dial()).ToList();
        await _link.Connected.WaitAsync(Soon);

        // The sixteen that are kept, and the sixteen that wait in the kernel's queue; what comes after is not taken.
        using var refused = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (dialled.Count < 200)
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
                dialled.Add(socket);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketFile), refused.Token);
            }
        });

        dialled.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public void Road_Opened_IsClosedToOtherUsers()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.File("run")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketFile));
    }

    public void Dispose()
    {
        _link.Dispose();
        _folder.Dispose();
    }

    private Socket Dial()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(SocketFile));
        return socket;
    }
}
