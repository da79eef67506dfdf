using System.Text;
using Microsoft.AspNetCore.Routing;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Testing.Routes;

namespace Health.Service.Tests;

/// <summary>Every route of the service, asked by every kind of caller. The routes come from the program itself, so that a new one
/// without a row fails.</summary>
public sealed class HealthMatrixTests : IAsyncLifetime
{
    private static readonly IReadOnlyList<RouteRow> Rows =
    [
        Row("POST", HealthRoutes.Register, """{"node":"w1","instance":"a","host":"h","head_port":6390,"head_client_port":10001,"dashboard_port":8265,"version":"1"}"""),
        Row("POST", HealthRoutes.Acquire, """{"node":"w1","instance":"a"}"""),
        Row("POST", HealthRoutes.Heartbeat, """{"node":"w1","instance":"a","lease_version":1}"""),
        Row("GET", HealthRoutes.Current),
        Row("GET", HealthRoutes.Nodes),
        Row("POST", HealthRoutes.JoinTokens, "{}"),
        Row("POST", HealthRoutes.Join, """{"node":"w1"}"""),
    ];

    private HealthHost? _host;

    private HealthHost Host => _host!;

    public static TheoryData<string> Routes() => [.. Rows.Select(row => row.Route)];

    public async ValueTask InitializeAsync() => _host = await HealthHost.StartAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    [Fact]
    public void Routes_OfTheService_AllHaveARow()
    {
        var endpoints = Host.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (endpoint.RoutePattern.RawText!, endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []));

        Assert.Empty(RouteTable.Compare(endpoints, [], Rows));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_AskedByAStranger_IsDeniedAlike(string route)
    {
        var answers = new List<(string Who, string Answer)>();
        foreach (var (who, sign) in Strangers())
        {
            var request = Rows.Single(row => row.Route == route).Ask("");
            sign(request);
            answers.Add((who, await Answer.OfAsync(Host.Http, request, TestContext.Current.CancellationToken)));
        }

        Assert.All(answers, answer => Assert.True(
            answer.Answer.StartsWith("HTTP 401\n", StringComparison.Ordinal) && answer.Answer == answers[0].Answer,
            $"{answer.Who} was to get the same 401 as anybody:\n{answer.Answer}\n{answers[0].Answer}"));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_AskedWithTheRightProof_IsServed(string route)
    {
        var request = Rows.Single(row => row.Route == route).Ask("");
        Prove(request, HealthHost.Secret, request.RequestUri!.OriginalString, Host.Time.GetUtcNow());

        var answer = await Answer.OfAsync(Host.Http, request, TestContext.Current.CancellationToken);

        Assert.False(answer.StartsWith("HTTP 401\n", StringComparison.Ordinal), $"a process of the cluster was to be let in: {answer}");
    }

    private static RouteRow Row(string method, string path, string? body = null) =>
        new($"{method} {path}", Named.Nothing, _ => new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        });

    private static void Prove(HttpRequestMessage request, string secret, string target, DateTimeOffset now) =>
        request.Headers.Add(
            RequestSignature.Header, RequestSignature.Make(Encoding.UTF8.GetBytes(secret), request.Method.Method, target, now));

    private IEnumerable<(string Who, Action<HttpRequestMessage> Sign)> Strangers()
    {
        var now = Host.Time.GetUtcNow();
        yield return ("who says nothing", _ => { });
        yield return ("who knows another secret", request =>
            Prove(request, "another secret that nobody else knows of", request.RequestUri!.OriginalString, now));
        yield return ("who repeats what was overheard of another route", request => Prove(request, HealthHost.Secret, "/v1/ping", now));
        yield return ("who repeats what was overheard long ago", request =>
            Prove(request, HealthHost.Secret, request.RequestUri!.OriginalString, now - TimeSpan.FromHours(1)));
        yield return ("who shows the secret itself", request =>
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {HealthHost.Secret}"));
        yield return ("who shows no key of any node", request => request.Headers.Add(HealthRoutes.NodeKeyHeader, "node_nobodys"));
        yield return ("who shows an empty key", request => request.Headers.TryAddWithoutValidation(HealthRoutes.NodeKeyHeader, ""));
    }
}
