using System.Collections.Immutable;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Api.Gateway;
using Sandbox.Api.Tests.Servers;
using Sandbox.Serving.Routing;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Api.Tests.Gateway;

/// <summary>The API with models that a test names, and engines of the test's own.</summary>
internal sealed class GatewayServer : IAsyncDisposable
{
    private readonly List<WebApplication> _engines = [];

    private GatewayServer(ApiServer api, TestCatalog catalog) => (Api, Catalog) = (api, catalog);

    public ApiServer Api { get; }

    public TestCatalog Catalog { get; }

    public HttpClient Http => Api.Http;

    public static async Task<GatewayServer> StartAsync(params (string Name, string Value)[] settings)
    {
        var catalog = new TestCatalog();
        var api = await ApiServer.StartAsync(
            TimeProvider.System,
            services => services.AddSingleton<IModelCatalog>(catalog).AddSingleton<IReplicaConnector, TcpReplicaConnector>(), settings);
        return new GatewayServer(api, catalog);
    }

    public static OfferedModel Model(string name, params IEnumerable<Replica> replicas) =>
        new(name, null, ImmutableDictionary<string, double>.Empty, [.. replicas], CanWake: false);

    /// <summary>An engine that answers as the test says, and to health checks that it is well.</summary>
    public Task<Replica> EngineAsync(string id, RequestDelegate answer) =>
        PlainEngineAsync(id, http => http.Request.Path == "/health" ? Task.CompletedTask : answer(http));

    /// <summary>An engine that answers as the test says, also to health checks.</summary>
    public async Task<Replica> PlainEngineAsync(string id, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        _engines.Add(app);
        return new Replica(id, new Uri(app.Urls.Single()));
    }

    /// <summary>Offers these models and no others, and waits until they are known.</summary>
    public async Task OfferAsync(params OfferedModel[] models)
    {
        Catalog.Offer(models);
        var table = Api.Get<ModelTable>();
        await Wait.UntilAsync(
            () => Task.FromResult(
                models.All(model => table.All.Any(route => ReferenceEquals(route.Model, model))) && table.All.Count() == models.Length),
            () => "the models that were offered are known");
    }

    public Task<HttpResponseMessage> ChatAsync(
        string body, string? key = null, string path = "/v1/chat/completions", string type = "application/json",
        CancellationToken cancellationToken = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = new(type);
        if (key is not null)
        {
            request.Headers.Add("Authorization", $"Bearer {key}");
        }

        return Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>The answer's status and text.</summary>
    public async Task<(HttpStatusCode Status, string Text)> AnswerAsync(string body, string? key = null)
    {
        using var answer = await ChatAsync(body, key);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        foreach (var engine in _engines)
        {
            await engine.DisposeAsync();
        }
    }
}
