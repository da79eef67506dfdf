using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sandbox.Api.Serving;
using Sandbox.Api.Tests.Ports;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using ConnectEnvelope = Sandbox.Contracts.Envd.ConnectEnvelope;

namespace Sandbox.Api.Tests.Serving;

/// <summary>Models over real stores and the real operator, with a stand-in for the agent in their sandboxes.</summary>
public sealed class ModelReconciliationTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Port_ThatIsTakenInTheSandbox_IsNamedAndNoEngineIsStarted()
    {
        await using var server = await StartAsync();
        var starts = 0;
        server.Agent.Answer("/envd/process.Process/List", """{"processes":[]}""");
        server.Agent.Routes["/envd/process.Process/Connect"] = http => EndAsync(http, "not_found");
        server.Agent.Routes["/envd/process.Process/Start"] = http =>
        {
            starts++;
            return EndAsync(http, "internal");
        };
        await using var other = await InsideProgram.StartAsync(server.Agent, static http => http.Response.WriteAsync("not an engine"));

        await CreateAsync(server, key: null, "m", port: 8123);

        var failed = await WhenAsync(server, key: null, "m", model => model.GetProperty("state").GetString() == "deploy_failed");
        Assert.Equal("port 8123 is taken where its engine would listen", failed.GetProperty("message").GetString());
        Assert.Equal(0, starts);
    }

    /// <summary>A process that stood still while its lease ran out may still submit one.</summary>
    [Fact]
    public async Task Sandbox_OfAnEngineThatNoModelNames_IsEnded_AndOneThatOnlyLooksLikeItIsNot()
    {
        await using var server = await StartAsync();
        await CreateAsync(server, key: null, "m", port: 8000);
        var (orphan, other) = (EngineSandboxes.NewId(), SandboxId.Parse("engine-of-a-caller"));
        foreach (var (id, space) in ((SandboxId, string)[])[(orphan, "sandbox-engines"), (other, "default")])
        {
            var prepared = server.Get<DeploymentManager>().Prepare(
                new StartRequest { Image = "local", SandboxId = id.ToString(), AutoDeleteSeconds = 0 }, new SandboxOwner(Namespace: space),
                DeploymentKind.Local, TimeProvider.System.GetUtcNow());
            Assert.True(prepared.TryGet(out var first, out var error), error?.Text);
            Assert.True((await server.Operator.SubmitAsync(first, null, Cancelled)).TryGet(out _, out error), error?.Text);
        }

        using var limit = new CancellationTokenSource(ModelServer.Generous);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while ((await server.Store.FindAsync(orphan, Cancelled))?.State is not SandboxState.Deleted)
        {
            await ticks.WaitForNextTickAsync(limit.Token);
        }

        Assert.NotEqual(SandboxState.Deleted, (await server.Store.FindAsync(other, Cancelled))!.State);
    }

    [Fact]
    public async Task Model_OfOneTenant_IsAsIfItWereNotThereForAnother()
    {
        await using var server = await StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");
        var (_, blue) = await server.GivenKeyAsync("blue");
        var (_, admin) = await server.GivenKeyAsync("default", admin: true);
        await CreateAsync(server, red, "m", port: 8000);

        foreach (var below in (string[])["", "/logs"])
        {
            Assert.Equal(
                await TextAsync(server, blue, $"/api/v1/models/none{below}"), await TextAsync(server, blue, $"/api/v1/models/m{below}"));
        }

        Assert.Equal("404 ", await DeleteAsync(server, blue, "m"));
        Assert.Equal("200 []", await TextAsync(server, blue, "/api/v1/models"));
        Assert.StartsWith("200 ", await TextAsync(server, red, "/api/v1/models/m"), StringComparison.Ordinal);
        Assert.Contains("\"tenant\":\"red\"", await TextAsync(server, admin, "/api/v1/models"), StringComparison.Ordinal);
        Assert.Contains("\"tenant\":\"red\"", await TextAsync(server, admin, "/api/v1/models/m"), StringComparison.Ordinal);

        // The name is free for each tenant, and each ends its own.
        await CreateAsync(server, blue, "m", port: 8000);
        Assert.Equal("204 ", await DeleteAsync(server, blue, "m"));
        Assert.NotNull(await server.Get<IModelStore>().FindAsync("red", "m", Cancelled));
        var sandboxes = await server.Store.ListAsync(
            new SandboxQuery([], new Dictionary<string, string> { ["namespace"] = "sandbox-engines" }), Cancelled);
        Assert.All(sandboxes.Items, sandbox => Assert.Equal("red", sandbox.Tenant));
    }

    private static Task<ApiServer> StartAsync() => ApiServer.StartAsync(("Serving:EngineAssemblies:0", ModelServer.EchoAssembly));

    private static async Task CreateAsync(ApiServer server, string? key, string name, int port)
    {
        using var answer = await server.AskAsync(
            key, "/api/v1/models",
            $$"""{"name":"{{name}}","engine":"echo","cpus":0.5,"memory":"256m","configuration":{"model":"{{name}}","port":{{port}} } }""");
        Assert.True(answer.StatusCode is HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    private static async Task<JsonElement> WhenAsync(ApiServer server, string? key, string name, Func<JsonElement, bool> isIt)
    {
        using var limit = new CancellationTokenSource(ModelServer.Generous);
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            using var answer = await server.AskAsync(key, $"/api/v1/models/{name}");
            var model = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancelled);
            if (isIt(model))
            {
                return model;
            }

            Assert.False(limit.IsCancellationRequested, $"not within {ModelServer.Generous}: {model}");
            await ticks.WaitForNextTickAsync(Cancelled);
        }
    }

    private static async Task<string> TextAsync(ApiServer server, string key, string path)
    {
        using var answer = await server.AskAsync(key, path);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancelled)}";
    }

    private static async Task<string> DeleteAsync(ApiServer server, string key, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/models/{name}");
        request.Headers.Add("X-API-Key", key);
        using var answer = await server.Http.SendAsync(request, Cancelled);
        return $"{(int)answer.StatusCode} ";
    }

    /// <summary>The end of a stream of the Connect protocol, with an error.</summary>
    private static async Task EndAsync(HttpContext http, string code)
    {
        await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
        var json = Encoding.UTF8.GetBytes($$"""{"error":{"code":"{{code}}","message":"no"} }""");
        http.Response.ContentType = "application/connect+json";
        await http.Response.Body.WriteAsync(ConnectEnvelope.Frame(json, ConnectEnvelope.End), http.RequestAborted);
    }
}
