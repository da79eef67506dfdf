using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>An engine that keeps what containers it is asked for and runs nothing, with a node that has the GPUs g0 to g3.</summary>
internal sealed class GpuEngine : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<string, Container> _containers = new();
    private readonly List<EngineConnection> _connections = [];
    private FakeEngine _engine = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public DockerDeployment Node { get; private set; } = null!;

    public static async Task<GpuEngine> StartAsync()
    {
        var gpus = new GpuEngine();
        gpus._engine = await FakeEngine.StartAsync(gpus.AnswerAsync);
        gpus.RestartNode();
        return gpus;
    }

    /// <summary>Another process of the same node, which remembers nothing.</summary>
    public void RestartNode()
    {
        var options = new WorkerOptions
        {
            DataFolder = _folder.Path,
            ClusterId = "c",
            NodeName = "n",
            AgentFolder = _folder.Path,
            DockerHost = _engine.Address,
            Gpus = ["g0", "g1", "g2", "g3"],
        };
        _connections.Add(new EngineConnection(Options.Create(options), TimeProvider.System));
        Node = TestDeployment.Of(_connections[^1], options, TimeProvider.System);
    }

    /// <summary>Starts a sandbox that asks for GPUs.</summary>
    public async Task<(SandboxInstance Sandbox, SandboxError? Error)> StartAsync(double gpus)
    {
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { NumGpus = gpus });
        Result<StartedSandbox> started = await Node.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        return (sandbox, started.TryGet(out _, out var error) ? null : error);
    }

    public async Task<SandboxInstance> MustStartAsync(double gpus)
    {
        var (sandbox, error) = await StartAsync(gpus);
        Assert.True(error is null, error?.Text);
        return sandbox;
    }

    public async Task<SandboxError?> RestartAsync(SandboxInstance sandbox)
    {
        Result<StartedSandbox> started = await Node.EnsureRestartedAsync(sandbox, new RecordedPhases(), Token);
        return started.TryGet(out _, out var error) ? null : error;
    }

    /// <summary>The GPUs that the engine was told to give to its container.</summary>
    public IReadOnlyList<string> Of(SandboxInstance sandbox) =>
        _containers[DockerHarness.NameOf(sandbox)].Body["HostConfig"]!["DeviceRequests"]?.AsArray()
            .SelectMany(request => request!["DeviceIDs"]!.AsArray().Select(id => (string)id!)).ToList() ?? [];

    public async ValueTask DisposeAsync()
    {
        _connections.ForEach(connection => connection.Dispose());
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    private Task AnswerAsync(FakeEngine.Call call, HttpResponse response)
    {
        var path = call.Path.Split('/');
        var name = path.Length > 1 ? path[1] : "";
        return (call.Method, path[0], path[^1]) switch
        {
            ("POST", "containers", "create") => CreateAsync(call, response),
            ("GET", "containers", "json") when name is "json" => FakeEngine.SayAsync(response, 200, ListOf(call)),
            ("GET", "images", _) => FakeEngine.SayAsync(response, 200, new { Id = "sha256:1" }),
            (_, "containers", _) when _containers.TryGetValue(name, out var container) => ActAsync(call, container, path[^1], response),
            _ => FakeEngine.RefuseAsync(response, 404, "No such container"),
        };
    }

    private Task CreateAsync(FakeEngine.Call call, HttpResponse response)
    {
        var name = (string)QueryHelpers.ParseQuery(call.Query)["name"]!;
        return _containers.TryAdd(name, new Container(JsonNode.Parse(call.Body)!, "created"))
            ? FakeEngine.SayAsync(response, 201, new { Id = name, Warnings = Array.Empty<string>() })
            : FakeEngine.RefuseAsync(response, 409, "Conflict");
    }

    private Task ActAsync(FakeEngine.Call call, Container container, string verb, HttpResponse response)
    {
        if (call.Method == "GET")
        {
            return FakeEngine.SayAsync(
                response, 200, new { Id = call.Path.Split('/')[1], Config = new { Labels = container.Body["Labels"] } });
        }

        if (call.Method == "DELETE")
        {
            _containers.TryRemove(call.Path.Split('/')[1], out _);
        }

        container.State = verb is "start" ? "running" : "exited";
        response.StatusCode = 204;
        return Task.CompletedTask;
    }

    /// <summary>Those that have the label that is asked for.</summary>
    private IEnumerable<object> ListOf(FakeEngine.Call call)
    {
        var filters = JsonNode.Parse(QueryHelpers.ParseQuery(call.Query)["filters"].ToString())!;
        var label = filters["label"]!.AsObject().Single().Key.Split('=', 2);
        return _containers.Where(one => (string?)one.Value.Body["Labels"]![label[0]] == label[1])
            .Select(one => new
            {
                Id = one.Key,
                Names = new[] { $"/{one.Key}" },
                Labels = one.Value.Body["Labels"],
                one.Value.State,
                Status = "",
            });
    }

    private sealed class Container(JsonNode body, string state)
    {
        public JsonNode Body { get; } = body;

        public string State { get; set; } = state;
    }
}
