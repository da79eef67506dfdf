using System.Net;
using System.Text;
using Sandbox.Api.Gateway;
using Sandbox.Testing.Clusters;

namespace Sandbox.Api.Tests.Gateway;

/// <summary>Two engines of one model, of which one is killed while it answers.</summary>
public sealed class KilledEngineTests
{
    private const int Streams = 50;

    private const string Broken = "\n\ndata: {\"error\":{\"message\":\"The engine broke off in the middle of its answer.\","
        + "\"type\":\"server_error\",\"param\":null,\"code\":\"engine_failed\"}}\n\n";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kill_OfOneEngine_UnderManyStreams_HarmsOnlyItsOwn()
    {
        await using var server = await GatewayServer.StartAsync(("Gateway:AffinitySlack", "0"));
        using var killed = await EchoProcess.StartAsync("killed", "parrot");
        using var other = await EchoProcess.StartAsync("other", "parrot");
        await server.OfferAsync(GatewayServer.Model("parrot", killed.Replica, other.Replica));
        var pool = server.Api.Get<ModelTable>().Find("default", "parrot")!.Pool;
        var streams = await Task.WhenAll(Enumerable.Range(0, Streams).Select(number => OpenAsync(server, number)));
        var doomed = pool.Outstanding["killed"];
        Assert.Equal(Streams / 2, doomed);

        killed.Kill();

        // What had not begun goes to the other one, from the first moment on.
        var during = await Task.WhenAll(Enumerable.Range(0, 20).Select(
            number => server.AnswerAsync($$"""{"model":"parrot","messages":[{"role":"user","content":"next {{number}}"}]}""")));
        Assert.All(during, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        using (var go = new HttpClient { BaseAddress = other.Replica.Address })
        {
            await go.PostAsync("/go", null, Cancelled);
        }

        var ends = await Task.WhenAll(streams.Select(stream => stream.ReadToEndAsync(Cancelled)));
        Assert.Equal(doomed, ends.Count(end => end == Broken));
        for (var number = 0; number < Streams; number++)
        {
            Assert.Contains(ends[number], (string[])[Broken, Rest(number)]);
        }

        // Back after recovery, at the same address.
        using var again = await EchoProcess.StartAsync("killed", "parrot", killed.Replica.Address.Port);
        var next = 0;
        await Wait.UntilAsync(
            async () =>
            {
                // Each begins with another word, and half of all beginnings are better there.
                using var one = await OpenAsync(server, next++);
                return pool.Outstanding["killed"] > 0;
            },
            () => "the engine that is back gets requests again");
    }

    /// <summary>A stream that has said its first word and waits.</summary>
    private static async Task<StreamReader> OpenAsync(GatewayServer server, int number)
    {
        var answer = await server.ChatAsync(
            $$"""{"model":"parrot","stream":true,"messages":[{"role":"user","content":"w{{number}} /wait end"}]}""",
            cancellationToken: Cancelled);
        var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancelled), Encoding.UTF8);
        Assert.Equal(Event($"w{number} ", "null"), $"{await reader.ReadLineAsync(Cancelled)}\n{await reader.ReadLineAsync(Cancelled)}\n");
        return reader;
    }

    private static string Rest(int number) => Event("/wait ", "null") + Event("end", "\"stop\"") + "data: [DONE]\n\n";

    private static string Event(string word, string finish) =>
        "data: {\"id\":\"echo-1\",\"object\":\"chat.completion.chunk\",\"created\":0,\"model\":\"parrot\",\"choices\":[{\"index\":0,"
        + $"\"delta\":{{\"role\":\"assistant\",\"content\":\"{word}\"}},\"finish_reason\":{finish}}}]}}\n\n";
}
