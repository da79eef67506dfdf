using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster;
using Sandbox.Node;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;
using Sandbox.Worker.Tests.Cluster;
using Sandbox.Worker.Tests.Matrix;

namespace Sandbox.Worker.Tests.NodeApi;

/// <summary>What becomes of a caller's connection when the worker is told to end: a call that comes over it late is refused, so that its
/// caller knows that it was not begun, and never lost with the connection.</summary>
public sealed class NodeApiConnectionTests : IAsyncLifetime
{
    private const string Call = NodeApiRoutes.Agents + "/box/1/x";

    private static readonly TimeSpan Never = TimeSpan.FromMinutes(2);

    private readonly FakeTimeProvider _time = new();
    private readonly RequestDrain _drain;
    private WebApplication _app = null!;

    public NodeApiConnectionTests() => _drain = new RequestDrain(Options.Create(new NodeOptions()), _time);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(_drain).AddHostedService(provider => provider.GetRequiredService<RequestDrain>());
        builder.Services.AddSingleton<TimeProvider>(_time);
        var options = Options.Create(new ClusterOptions { Secret = ClusterWorker.Secret });
        builder.Services.AddSingleton(new ClusterSecret(options, TimeProvider.System));
        builder.Services.AddSingleton<NodeIdentity>().AddSingleton<NodeAddress>();
        _app = builder.Build();
        _app.UseMiddleware<SignatureMiddleware>();
        _app.MapFallback(() => TypedResults.NoContent());
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public async Task Call_OverAConnectionThatIdledWhenTheWorkerWasToldToEnd_IsRefusedAndNotLost()
    {
        using var caller = new HttpMessageInvoker(new SocketsHttpHandler { MaxConnectionsPerServer = 1 });
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(caller));
        var stopping = _app.StopAsync(TestContext.Current.CancellationToken);

        // Long after callers had time to hear of it; one on a busy machine has not.
        _time.Advance(RequestDrain.Quiet);
        await Assert.ThrowsAsync<TimeoutException>(() => stopping.WaitAsync(TimeSpan.FromMilliseconds(500)));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await PostAsync(caller));
        _time.Advance(RequestDrain.Quiet);
        await stopping.WaitAsync(Never);
    }

    [Fact]
    public async Task Connection_OverWhichNobodyCallsAgents_IsNotWaitedFor()
    {
        using var caller = new HttpMessageInvoker(new SocketsHttpHandler());
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(caller, HttpMethod.Get, NodeApiRoutes.Ping));

        var stopping = _app.StopAsync(TestContext.Current.CancellationToken);
        _time.Advance(RequestDrain.Quiet);

        await stopping.WaitAsync(Never);
    }

    private Task<HttpStatusCode> PostAsync(HttpMessageInvoker caller) => SendAsync(caller, HttpMethod.Post, Call);

    private async Task<HttpStatusCode> SendAsync(HttpMessageInvoker caller, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        request.RequestUri = new Uri(new Uri(address), path);
        request.Content = method == HttpMethod.Post ? new ByteArrayContent([1, 2, 3]) : null;
        new NodeApiCallers(request.RequestUri.Authority).Right(request);
        using var answer = await caller.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
