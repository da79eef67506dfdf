using System.Net;
using System.Text;
using Health.Service.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Cluster;
using Sandbox.Testing.Clusters;
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
        Host.Sign(request);

        var answer = await Answer.OfAsync(Host.Http, request, TestContext.Current.CancellationToken);

        Assert.False(answer.StartsWith("HTTP 401\n", StringComparison.Ordinal), $"a process of the cluster was to be let in: {answer}");
    }

    /// <summary>A request that was overheard does nothing any more: neither the same one again, nor another body under its
    /// signature.</summary>
    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Request_ThatHasCome_IsDeniedTheSecondTime(string route)
    {
        var row = Rows.Single(one => one.Route == route);
        var request = row.Ask("");
        Host.Sign(request);
        var signature = request.Headers.GetValues(RequestSignature.Header).Single();
        using var first = await Host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var again = row.Ask("");
        again.Headers.Add(RequestSignature.Header, signature);

        using var second = await Host.Http.SendAsync(again, TestContext.Current.CancellationToken);

        Assert.True(first.StatusCode is not HttpStatusCode.Unauthorized, "the request itself was to be let in");
        Assert.True(second.StatusCode is HttpStatusCode.Unauthorized, $"the same request again was to be denied, not {second.StatusCode}");
    }

    private static RouteRow Row(string method, string path, string? body = null) =>
        new($"{method} {path}", Named.Nothing, _ => new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        });

    private IEnumerable<(string Who, Action<HttpRequestMessage> Sign)> Strangers()
    {
        var recipient = HealthRoutes.RecipientOf(Host.Get<HealthCallers>().Instance);
        yield return ("who says nothing", _ => { });
        yield return ("who knows another secret", request => Host.Sign(request, "another secret that nobody else knows of"));
        yield return ("who repeats what was overheard of another route", request => request.Headers.Add(
            RequestSignature.Header,
            TestSigner.Of(HealthHost.Secret, SignaturePurpose.Health, Host.Time)
                .Sign(request.Method.Method, "/v1/ping", recipient, RequestSignature.NoBody)));
        yield return ("who repeats what was overheard with another body", request => request.Headers.Add(
            RequestSignature.Header,
            TestSigner.Of(HealthHost.Secret, SignaturePurpose.Health, Host.Time)
                .Sign(request.Method.Method, request.RequestUri!.OriginalString, recipient, new string('0', 64))));
        yield return ("who repeats what was overheard long ago", request =>
            Host.Sign(request, time: new FakeTimeProvider(Host.Time.GetUtcNow() - TimeSpan.FromHours(1))));
        yield return ("who repeats what was overheard by another instance", request => Host.Sign(request, instance: "another"));
        yield return ("who repeats what was overheard of the node API", request =>
            TestSigner.Of(HealthHost.Secret, SignaturePurpose.NodeApi, Host.Time).Sign(request, recipient));
        yield return ("who shows the secret itself", request =>
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {HealthHost.Secret}"));
        yield return ("who signs as a node that never joined", request => SignAsNobody(request, recipient));
        yield return ("who names no node", request => request.Headers.TryAddWithoutValidation(HealthRoutes.NodeHeader, ""));
    }

    private void SignAsNobody(HttpRequestMessage request, string recipient)
    {
        request.Headers.Add(HealthRoutes.NodeHeader, "nobody");
        NodeKey.Signer("node_nobodys", Host.Time).Sign(request, recipient);
    }
}
