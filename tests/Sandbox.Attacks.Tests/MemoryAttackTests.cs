using System.Net;
using System.Net.Sockets;
using System.Text;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Attacks.Tests;

/// <summary>What a tenant, or a stranger, can make an API hold, and what the others notice of it.</summary>
[Collection(nameof(AttackCollection))]
public sealed class MemoryAttackTests(AttackedCluster attacked) : IAsyncLifetime
{
    private const int JsonLimit = 2 * 1024 * 1024;
    private readonly TestSandboxes _sandboxes = new("memory");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _sandboxes.DisposeAsync();
    }

    [NeedsDockerFact]
    public async Task Body_OfMillionsOfBadElements_IsRefusedWithAFewWords()
    {
        var answer = await PostAsync(
            "create_session", "{\"sandbox_id\":\"x\",\"startup_source\":[" + Repeat("1,", (JsonLimit - 100) / 2) + "1]}");

        AssertRefused(answer, "List should have at most 131072 items");
    }

    [NeedsDockerFact]
    public async Task Body_OfHundredsOfThousandsOfIds_IsRefusedBeforeTheyAreRead()
    {
        var answer = await PostAsync("sandboxes/batch", "{\"sandbox_ids\":[" + Repeat("\"a\",", 400_000) + "\"a\"]}");

        AssertRefused(answer, "List should have at most 2000 items after validation, not 400001");
    }

    [NeedsDockerTheory]
    [InlineData("execute")]
    [InlineData("start_async")]
    public async Task Body_OfSixtyMebibytes_IsRefusedBeforeItIsTakenIn(string route)
    {
        var answer = await PostAsync(route, new string(' ', 60 * 1024 * 1024));

        AssertRefused(answer, "larger than the limit of 2 MiB");
    }

    [NeedsDockerFact]
    public async Task Body_NestedAMillionTimes_IsRefused()
    {
        var answer = await PostAsync("execute", "{\"sandbox_id\":\"x\",\"command\":" + Repeat("[", 1024 * 1024));

        AssertRefused(answer, "JSON decode error");
    }

    /// <summary>Each of them is held as far as it has come; what they hold together is bounded, and half of that is for others.</summary>
    [NeedsDockerFact]
    public async Task Bodies_OfManyRequests_ThatNeverEnd_LeaveRoomForOthers()
    {
        var red = await _sandboxes.RunAsync(attacked.Red);
        var stalled = new List<TcpClient>();
        try
        {
            for (var body = 0; body < 100; body++)
            {
                stalled.Add(await SendPartAsync(attacked.Mallory, "execute", JsonLimit, new string(' ', 1024 * 1024)));
            }

            Assert.Equal("here\n", await attacked.Red.ExecuteAsync(red, "echo here"));
        }
        finally
        {
            stalled.ForEach(client => client.Dispose());
        }
    }

    [NeedsDockerFact]
    public async Task Body_ThatStalls_IsEnded()
    {
        using var client = await SendPartAsync(attacked.Mallory, "execute", JsonLimit, "{");
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(ClusterProcess.Generous);

        var answer = await reader.ReadToEndAsync(patience.Token);

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
    }

    /// <summary>Zeros take six bytes of JSON each: 8 MiB of them are 48 MiB, several at once more than one process may hold.</summary>
    [NeedsDockerFact]
    public async Task Answers_OfManyCommands_AreBoundedTogether()
    {
        var (red, evil) = (await _sandboxes.RunAsync(attacked.Red), await _sandboxes.RunAsync(attacked.Mallory));
        var loud = Enumerable.Range(0, 6)
            .Select(_ => attacked.Mallory.PostAsync(
                "execute", new { sandbox_id = evil, shell = true, command = "head -c 8388608 /dev/zero" }))
            .ToList();

        for (var round = 0; round < 10; round++)
        {
            Assert.Equal("here\n", await attacked.Red.ExecuteAsync(red, "echo here"));
        }

        foreach (var answer in await Task.WhenAll(loud))
        {
            Assert.True(
                answer.GetProperty("status").GetString() is "Success"
                || answer.GetProperty("error").GetString()!.Contains("its answer is lost", StringComparison.Ordinal),
                $"each answer was to be whole, or to say that it is not: {answer.GetProperty("error")}");
        }
    }

    [NeedsDockerFact]
    public async Task Upload_OfAFileBeforeItsTexts_IsNotSpooledWithoutAnEnd()
    {
        using var file = new ByteArrayContent(new byte[20 * 1024 * 1024]);
        using var form = new MultipartFormDataContent { { file, "file", "a" }, { new StringContent("x"), "sandbox_id" } };
        using var answered = await attacked.Mallory.Http.PostAsync(RockCaller.Prefix + "upload", form, Token);

        AssertRefused(await answered.Content.ReadAsStringAsync(Token), "must not be larger than 16 MiB");
    }

    [NeedsDockerFact]
    public async Task Streams_OfOneTenant_HaveAnEnd_AndOthersHaveTheirOwn()
    {
        var open = new List<HttpResponseMessage>();
        try
        {
            for (var stream = 0; stream < 80; stream++)
            {
                open.Add(await OpenEventsAsync(attacked.Mallory));
            }

            Assert.Equal(HttpStatusCode.TooManyRequests, open[^1].StatusCode);
            Assert.NotNull(open[^1].Headers.RetryAfter);
            using var red = await OpenEventsAsync(attacked.Red);
            Assert.Equal(HttpStatusCode.OK, red.StatusCode);
        }
        finally
        {
            open.ForEach(answer => answer.Dispose());

            // The server notices one by one that they are gone, and the other attacks need some.
            await Wait.UntilAsync(CanOpenHalfAsync, () => "the streams that were closed were to count no more");
        }
    }

    /// <summary>By an address of its own: what is counted is where guesses come from.</summary>
    [NeedsDockerFact]
    public async Task Keys_ThatAreGuessed_AreNoLongerLookedUp_AndThoseOfOthersAre()
    {
        using var stranger = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = attacked.Address };
        HttpStatusCode last;
        var guesses = 0;
        do
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/sandboxes");
            request.Headers.Add("X-API-Key", $"guess-{guesses++}");
            using var answer = await stranger.SendAsync(request, Token);
            last = answer.StatusCode;
        }
        while (last is HttpStatusCode.Unauthorized && guesses < 20_000);

        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        await attacked.Red.MustPostAsync("sandboxes/batch", new { sandbox_ids = Array.Empty<string>() });
    }

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private async Task<bool> CanOpenHalfAsync()
    {
        var open = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => OpenEventsAsync(attacked.Mallory)));
        var isOpen = open.All(answer => answer.StatusCode is HttpStatusCode.OK);
        Array.ForEach(open, answer => answer.Dispose());
        return isOpen;
    }

    private static Task<HttpResponseMessage> OpenEventsAsync(RockCaller caller) =>
        caller.Http.GetAsync("/api/v1/events", HttpCompletionOption.ResponseHeadersRead, Token);

    private static string Repeat(string text, int times) => new StringBuilder().Insert(0, text, times).ToString();

    private static void AssertRefused(string answer, string reason)
    {
        Assert.True(answer.Contains(reason, StringComparison.Ordinal), $"it was to be refused with '{reason}': {answer}");
        Assert.True(answer.Length < 10_000, $"a refusal is to be short, and has {answer.Length} characters");
    }

    private async Task<string> PostAsync(string route, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await attacked.Mallory.Http.PostAsync(RockCaller.Prefix + route, content, Token);
        return await answer.Content.ReadAsStringAsync(Token);
    }

    /// <summary>A request whose body is stated longer than what is sent of it.</summary>
    private async Task<TcpClient> SendPartAsync(RockCaller caller, string route, int stated, string part)
    {
        var client = new TcpClient();
        await client.ConnectAsync(attacked.Address.Host, attacked.Address.Port, Token);
        var key = caller.Http.DefaultRequestHeaders.GetValues("X-API-Key").Single();
        var request = $"POST {RockCaller.Prefix}{route} HTTP/1.1\r\nHost: {attacked.Address.Authority}\r\nX-API-Key: {key}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {stated}\r\n\r\n{part}";

        // Not waited for: a server that has no room for it does not read it.
        _ = client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Token).AsTask();
        return client;
    }
}
