using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Agents;

public sealed class AgentPortTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly IncarnationId _incarnation = IncarnationId.New();
    private AgentTokens _tokens = null!;
    private AgentPort _port = null!;

    public async ValueTask InitializeAsync()
    {
        (_tokens, _port) = Open(AgentTokens.MinSecret);
        await _port.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _port.StopAsync(CancellationToken.None);
        _port.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Connection_WithItsToken_ReachesItsRoadAndCarriesBothWays()
    {
        using var transport = new ListeningTransport(_port.Expect(_incarnation), TimeProvider.System);
        using var other = new ListeningTransport(_port.Expect(IncarnationId.New()), TimeProvider.System);
        using var agent = await DialAsync($"{AgentRoutes.TcpHello} {_tokens.Of(_incarnation)}\n");

        await transport.Connected.WaitAsync(Soon);
        await using var owner = await transport.ConnectAsync(CancellationToken.None);
        await owner.WriteAsync("ping"u8.ToArray());
        var heard = new byte[4];
        await agent.GetStream().ReadExactlyAsync(heard).AsTask().WaitAsync(Soon);
        await agent.GetStream().WriteAsync("pong"u8.ToArray());
        var answer = new byte[4];
        await owner.ReadExactlyAsync(answer).AsTask().WaitAsync(Soon);

        Assert.Equal("ping", Encoding.ASCII.GetString(heard));
        Assert.Equal("pong", Encoding.ASCII.GetString(answer));
        Assert.False(other.IsConnected, "the connection of one incarnation must not reach another's transport");
    }

    [Fact]
    public async Task Connection_OfAnOwnersNextLife_IsTakenWithTheSameToken()
    {
        var before = _tokens.Of(_incarnation);

        Assert.Equal(before, new AgentTokens(Options()).Of(_incarnation));
        Assert.NotEqual(before, _tokens.Of(IncarnationId.New()));
        await Task.CompletedTask;
    }

    [Theory]
    [InlineData("no hello", "GET / HTTP/1.1\r\n\r\n")]
    [InlineData("another word", "sandbox-agent/2 {own}\n")]
    [InlineData("no token", "sandbox-agent/1 \n")]
    [InlineData("a wrong hash", "sandbox-agent/1 {id}.0000\n")]
    [InlineData("another's id before an own hash", "sandbox-agent/1 {id}.{hash of another}\n")]
    [InlineData("the token of one that nobody expects", "sandbox-agent/1 {another}\n")]
    [InlineData("a token and more", "sandbox-agent/1 {own}\nHTTP/1.1 200 OK")]
    [InlineData("a token without an end of line, and too long", "sandbox-agent/1 {own}{long}")]
    public async Task Connection_WithoutItsToken_IsClosedUnheard(string what, string line)
    {
        using var transport = new ListeningTransport(_port.Expect(_incarnation), TimeProvider.System);
        var another = _tokens.Of(IncarnationId.New());
        using var stranger = await DialAsync(line
            .Replace("{own}", _tokens.Of(_incarnation), StringComparison.Ordinal)
            .Replace("{another}", another, StringComparison.Ordinal)
            .Replace("{hash of another}", another.Split('.')[1], StringComparison.Ordinal)
            .Replace("{id}", _incarnation.ToString(), StringComparison.Ordinal)
            .Replace("{long}", new string('x', 300), StringComparison.Ordinal));

        Assert.True(await IsClosedAsync(stranger), $"a connection that shows {what} must be closed without an answer");
        Assert.False(transport.IsConnected, $"a connection that shows {what} must not reach the transport");
    }

    [Fact]
    public async Task Connection_ThatSaysNothing_IsClosedAfterTheWait()
    {
        using var silent = await DialAsync("");

        var closed = IsClosedAsync(silent);
        while (!closed.IsCompleted)
        {
            // The port notices the connection at a moment of its own: from then on the wait runs.
            _time.Advance(AgentPort.HelloWait);
            await Task.WhenAny(closed, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None));
        }

        Assert.True(await closed, "a connection that says nothing must be closed");
    }

    /// <summary>Sandboxes may reach this port, and one that opens connections and says nothing must not keep the agents of others
    /// out.</summary>
    [Fact]
    public async Task Agents_AmongThreeHundredSilentConnections_AreTaken()
    {
        var slow = IncarnationId.New();
        using var transport = new ListeningTransport(_port.Expect(_incarnation), TimeProvider.System);
        using var slowTransport = new ListeningTransport(_port.Expect(slow), TimeProvider.System);
        using var slowAgent = await DialAsync("", from: "127.0.0.2");
        var flood = new List<TcpClient>();
        try
        {
            for (var number = 0; number < 300; number++)
            {
                flood.Add(await DialAsync("", from: "127.0.0.3"));
            }

            using var agent = await DialAsync($"{AgentRoutes.TcpHello} {_tokens.Of(_incarnation)}\n", from: "127.0.0.3");
            await transport.Connected.WaitAsync(Soon);

            Assert.True(await IsClosedAsync(flood[0]), "the oldest silent connection of that address was to be closed for the newest");
            await slowAgent.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{AgentRoutes.TcpHello} {_tokens.Of(slow)}\n"));
            await slowTransport.Connected.WaitAsync(Soon);
        }
        finally
        {
            flood.ForEach(one => one.Dispose());
        }
    }

    [Fact]
    public async Task Road_ThatIsClosed_IsExpectedNoMore()
    {
        new ListeningTransport(_port.Expect(_incarnation), TimeProvider.System).Dispose();
        using var late = await DialAsync($"{AgentRoutes.TcpHello} {_tokens.Of(_incarnation)}\n");

        Assert.True(await IsClosedAsync(late), "this incarnation is not expected any more, so its connection must be closed");
        using var again = new ListeningTransport(_port.Expect(_incarnation), TimeProvider.System);
    }

    [Fact]
    public async Task Start_WithAShortSecret_IsRefusedNamingTheKey()
    {
        var (_, port) = Open(AgentTokens.MinSecret - 1);
        using (port)
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => port.StartAsync(CancellationToken.None));
            Assert.Contains("Worker:AgentSecretFile", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Token_OfASecretThatIsGivenAsText_IsThatOfAFileWithTheText()
    {
        const string Text = "a secret of the tests, long enough";
        File.WriteAllText(Path.Combine(_folder.Path, "secret"), Text);
        var given = new AgentTokens(Microsoft.Extensions.Options.Options.Create(new WorkerOptions { AgentSecret = Text }));

        Assert.Equal(new AgentTokens(Options()).Of(_incarnation), given.Of(_incarnation));
    }

    private static async Task<bool> IsClosedAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(Soon) == 0;
        }
        catch (IOException)
        {
            // Reset, because it was closed with bytes unread.
            return true;
        }
    }

    private IOptions<WorkerOptions> Options() => Microsoft.Extensions.Options.Options.Create(new WorkerOptions
    {
        AgentListen = "127.0.0.1:0",
        AgentSecretFile = Path.Combine(_folder.Path, "secret"),
    });

    private (AgentTokens Tokens, AgentPort Port) Open(int secretBytes)
    {
        File.WriteAllBytes(Path.Combine(_folder.Path, "secret"), [.. Enumerable.Range(0, secretBytes).Select(i => (byte)i)]);
        var tokens = new AgentTokens(Options());
        return (tokens, new AgentPort(tokens, Options(), _time, NullLogger<AgentPort>.Instance));
    }

    private async Task<TcpClient> DialAsync(string hello, string from = "127.0.0.1")
    {
        var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(_port.Address!);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(hello));
        return client;
    }
}
