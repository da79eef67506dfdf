using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Health.Service.Http;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;

namespace Health.Service.Tests;

/// <summary>Which callers get in, and what any caller gets.</summary>
public sealed class AuthenticationTests : IAsyncLifetime
{
    private const string Node = """{"node":"w1","instance":"a","host":"h","head_port":6390,"head_client_port":10001,"dashboard_port":8265,"version":"1"}""";

    private HealthHost? _host;

    private HealthHost Host => _host!;

    public async ValueTask InitializeAsync() => _host = await HealthHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    [Theory]
    [InlineData("/")]
    [InlineData("/health")]
    [InlineData("/any/path?at=all")]
    [InlineData("/v10")]
    public async Task Get_AnyPathNotBelowV1_IsOkForAnybody(string path)
    {
        using var answer = await Host.Http.GetAsync(path);

        Assert.Equal((200, "OK"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("POST", "/v1/nodes/register")]
    [InlineData("POST", "/v1/head/acquire")]
    [InlineData("POST", "/v1/head/heartbeat")]
    [InlineData("GET", "/v1/head/current")]
    [InlineData("GET", "/v1/nodes")]
    [InlineData("POST", "/v1/join-tokens")]
    [InlineData("POST", "/v1/join")]
    [InlineData("GET", "/v1/nothing")]
    public async Task Route_BelowV1_WantsTheClustersSecret(string method, string path)
    {
        using var wrong = await Host.SendAsync(new HttpMethod(method), path, "{}", secret: "another secret that nobody else knows of");
        using var none = await Host.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        var problem = await wrong.Content.ReadFromJsonAsync<JsonElement>();

        Assert.Equal((401, 401), ((int)wrong.StatusCode, (int)none.StatusCode));
        Assert.Equal("denied", problem.GetProperty("code").GetString());
        Assert.Contains("Cluster:Secret", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/nodes/register", "")]
    [InlineData("/v1/nodes/register", "[]")]
    [InlineData("/v1/nodes/register", """{"node":"w1"}""")]
    [InlineData("/v1/nodes/register", """{"node":"","instance":"a","host":"h","head_port":1,"head_client_port":1,"dashboard_port":1,"version":""}""")]
    [InlineData("/v1/nodes/register", """{"node":"w1","instance":"a","host":"h","head_port":0,"head_client_port":1,"dashboard_port":1,"version":""}""")]
    [InlineData("/v1/nodes/register", """{"node":"w1","instance":"a","host":"h","head_port":70000,"head_client_port":1,"dashboard_port":1,"version":""}""")]
    [InlineData("/v1/head/acquire", """{"node":null,"instance":"a"}""")]
    [InlineData("/v1/head/heartbeat", """{"node":"w1","instance":"a","lease_version":"one"}""")]
    [InlineData("/v1/join-tokens", """{"ttl_seconds":0}""")]
    [InlineData("/v1/join-tokens", """{"ttl_seconds":99999999}""")]
    public async Task Body_ThatCannotBe_Is400WithAReason(string path, string body)
    {
        using var answer = await Host.SendAsync(HttpMethod.Post, path, body);
        var text = await answer.Content.ReadAsStringAsync();

        Assert.True((int)answer.StatusCode == 400, $"`{body}` was to be refused with 400, not {(int)answer.StatusCode}: {text}");
        Assert.Contains("\"code\":\"bad_request\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_TellsWhoIsThereAndWhoIsTheHead()
    {
        await Host.RegisterAsync("w1");
        await Host.RegisterAsync("w9", headPort: 7000);
        await Host.AcquireAsync("w1");
        Host.Time.Advance(TimeSpan.FromSeconds(1));

        using var answer = await Host.SendAsync(HttpMethod.Get, HealthRoutes.Nodes, body: null);
        var nodes = (await answer.Content.ReadFromJsonAsync(HeadJson.Default.IReadOnlyListMemberEntry))!;

        Assert.Equal(
            [new("w1", "head", "w1.example", 6390, 10001, 8265, 1, 1, "1"),
                new("w9", "worker", "w9.example", 7000, 10001, 8265, null, 1, "1")], nodes);
    }

    [Fact]
    public async Task JoinToken_LetsOneNodeInOnce_AndItsKeySpeaksForThatNodeOnly()
    {
        var token = await TokenAsync("{}");

        using var joined = await JoinAsync(token);
        var sealedKey = (await HealthHost.ReadAsync(joined)).NodeKey!;
        var key = Encoding.UTF8.GetString(EnrollmentSecret.Open(EnrollmentSecret.SealKeyOf(token), sealedKey)!);
        using var again = await JoinAsync(token);

        Assert.Equal((200, 401), ((int)joined.StatusCode, (int)again.StatusCode));
        using var asHead = await AsNodeAsync(key, HealthRoutes.Acquire, """{"node":"w1","instance":"a"}""");
        Assert.Equal((200, "head"), ((int)asHead.StatusCode, (await HealthHost.ReadAsync(asHead)).Mode));
        using var forAnother = await AsNodeAsync(key, HealthRoutes.Acquire, """{"node":"w2","instance":"a"}""");
        using var moreTokens = await AsNodeAsync(key, HealthRoutes.JoinTokens, "{}");
        using var wrongKey = await AsNodeAsync(key + "x", HealthRoutes.Acquire, """{"node":"w1","instance":"a"}""");
        Assert.Equal((401, 401, 401), ((int)forAnother.StatusCode, (int)moreTokens.StatusCode, (int)wrongKey.StatusCode));
    }

    /// <summary>A request that the node w1 signs with its own key.</summary>
    private async Task<HttpResponseMessage> AsNodeAsync(string key, string path, string body)
    {
        var content = new StringContent(body, Encoding.UTF8, "application/json");
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.Add(HealthRoutes.NodeHeader, "w1");
        NodeKey.Signer(key, Host.Time).Sign(request, HealthRoutes.RecipientOf(Host.Get<HealthCallers>().Instance));
        return await Host.Http.SendAsync(request);
    }

    [Theory]
    [InlineData("""{"node":"w2"}""", 0)]
    [InlineData("""{"ttl_seconds":60}""", 60)]
    public async Task JoinToken_OfAnotherNodeOrOver_Is401WithAReason(string terms, int wait)
    {
        var token = await TokenAsync(terms);
        Host.Time.Advance(TimeSpan.FromSeconds(wait));

        using var answer = await JoinAsync(token);

        Assert.Equal(401, (int)answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("the join token is unknown, over, already used, or another node's", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task JoinToken_NobodyMade_Is401()
    {
        using var answer = await JoinAsync("join_nobodyMadeThis");

        Assert.Equal(401, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Join_WithAToken_IsToldTheClusterOnceAndUnderItsSeal()
    {
        var token = await TokenAsync("""{"node":"w1"}""");
        var admission = (HealthRoutes.JoinTokenHeader, EnrollmentSecret.AdmissionOf(token));
        async Task<HttpResponseMessage> AskAsync(string node, (string, string) header) =>
            await Host.SendAsync(HttpMethod.Post, HealthRoutes.Join, $$"""{"node":"{{node}}"}""", instead: header);

        using var other = await AskAsync("w2", admission);
        using var raw = await AskAsync("w1", (HealthRoutes.JoinTokenHeader, token));
        using var first = await AskAsync("w1", admission);
        using var again = await AskAsync("w1", admission);

        Assert.Equal((401, 401, 200, 401), ((int)other.StatusCode, (int)raw.StatusCode, (int)first.StatusCode, (int)again.StatusCode));
        var answer = await first.Content.ReadAsStringAsync();
        Assert.DoesNotContain(HealthHost.Secret, answer, StringComparison.Ordinal);
        var text = EnrollmentSecret.Open(
            EnrollmentSecret.SealKeyOf(token), JsonSerializer.Deserialize(answer, HeadJson.Default.EnrollmentResponse)!.Sealed);
        Assert.Equal(
            new ClusterCredentials("tests", HealthHost.Secret, Database: null),
            JsonSerializer.Deserialize(text, HeadJson.Default.ClusterCredentials));
    }

    private Task<HttpResponseMessage> JoinAsync(string token) =>
        Host.SendAsync(
            HttpMethod.Post, HealthRoutes.Register, Node, instead: (HealthRoutes.JoinTokenHeader, EnrollmentSecret.AdmissionOf(token)));

    private async Task<string> TokenAsync(string terms)
    {
        using var made = await Host.SendAsync(HttpMethod.Post, HealthRoutes.JoinTokens, terms);
        Assert.Equal(201, (int)made.StatusCode);
        return (await made.Content.ReadFromJsonAsync(HeadJson.Default.JoinTokenResult))!.Token;
    }
}
