using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>A call that the fake API server got.</summary>
internal sealed record FakeCall(string Verb, string Resource, string? Name, string Query, JsonObject? Body)
{
    public bool IsWatch => Query.Contains("watch=true", StringComparison.Ordinal);

    public override string ToString() => $"{Verb} {Resource}/{Name}{Query}";
}

/// <summary>What the server does instead of, or before, answering.</summary>
/// <param name="Status">0: hangs until the caller gives up.</param>
/// <param name="Done">The call took effect all the same.</param>
internal sealed record Fault(int Status, string? RetryAfter = null, bool Done = false);

/// <summary>
/// An API server on loopback that keeps objects with resource versions, refuses what a real one refuses (paths it does not know, other
/// namespaces, names that are taken, stale versions) and streams watches. Everything else is up to the test: faults, dropped and expired
/// watches, and what controllers and kubelets would do.
/// </summary>
internal sealed class FakeCluster : IAsyncDisposable
{
    public const string Namespace = "rock-tests";
    public const string Batches = "batchsandboxes";
    private const string CustomPath = "/apis/sandbox.opensandbox.io/v1alpha1";

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Resource, string Name), JsonObject> _objects = [];
    private readonly List<(long Version, string Resource, string Type, JsonObject Object)> _events = [];
    private readonly List<FakeCall> _calls = [];
    private readonly WebApplication _app;
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _watches = new();
    private long _version = 100;
    private long _oldest = 100;

    private FakeCluster(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    /// <summary>Asked before each call is served; null: it is served.</summary>
    public Func<FakeCall, Fault?> Faults { get; set; } = _ => null;

    /// <summary>What the containers of pods have written, by the query that asks for it.</summary>
    public Func<string, string> Logs { get; set; } = _ => "";

    /// <summary>Told after something was made or removed.</summary>
    public event Action<string, JsonObject>? Made;

    public event Action<string, JsonObject>? Removed;

    public static async Task<FakeCluster> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var cluster = new FakeCluster(app);
        app.Run(cluster.ServeAsync);
        await app.StartAsync();
        return cluster;
    }

    public IReadOnlyList<FakeCall> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public IReadOnlyList<JsonObject> All(string resource)
    {
        lock (_gate)
        {
            return [.. _objects.Where(entry => entry.Key.Resource == resource).Select(entry => entry.Value.DeepClone().AsObject())];
        }
    }

    /// <summary>As a controller or kubelet writes it. Muted: no watch tells of it.</summary>
    public void Put(string resource, JsonObject made, bool muted = false)
    {
        bool isNew;
        lock (_gate)
        {
            var name = made["metadata"]!["name"]!.GetValue<string>();
            isNew = !_objects.ContainsKey((resource, name));
            Store(resource, made.DeepClone().AsObject(), isNew ? "ADDED" : "MODIFIED", muted);
        }

        if (isNew)
        {
            Made?.Invoke(resource, made);
        }
    }

    public void Change(string resource, string name, Action<JsonObject> change, bool muted = false)
    {
        lock (_gate)
        {
            var copy = _objects[(resource, name)].DeepClone().AsObject();
            change(copy);
            Store(resource, copy, "MODIFIED", muted);
        }
    }

    public bool Remove(string resource, string name, bool muted = false)
    {
        JsonObject? removed;
        lock (_gate)
        {
            if (!_objects.Remove((resource, name), out removed))
            {
                return false;
            }

            Tell(resource, removed, "DELETED", muted);
        }

        Removed?.Invoke(resource, removed);
        return true;
    }

    /// <summary>Breaks the connections of all watches.</summary>
    public void DropWatches() => Interlocked.Exchange(ref _watches, new CancellationTokenSource()).Cancel();

    /// <summary>Forgets all events so far: a watch from an older version has expired.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _events.Clear();
            _oldest = ++_version;
        }
    }

    public async ValueTask DisposeAsync()
    {
        DropWatches();
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private static bool Matches(JsonObject found, string? selector) =>
        string.IsNullOrEmpty(selector) || selector.Split(',').Select(term => term.Split('=', 2)).All(term =>
            found["metadata"]?["labels"]?[term[0]]?.GetValue<string>() == term[1]);

    private static JsonObject Status(int code, string reason, string message) => new()
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["reason"] = reason,
        ["message"] = message,
        ["code"] = code,
    };

    private static Task AnswerAsync(HttpContext context, int status, JsonNode body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString());
    }

    /// <summary>Null: no such path.</summary>
    private static (string Resource, string? Name)? Route(string path)
    {
        foreach (var (prefix, resources) in new[] { ("/api/v1", new[] { "pods", "secrets" }), (CustomPath, [Batches]) })
        {
            var start = $"{prefix}/namespaces/{Namespace}/";
            if (path.StartsWith(start, StringComparison.Ordinal) && path[start.Length..].Split('/') is [var resource, .. var rest]
                && resources.Contains(resource) && rest.Length <= 1)
            {
                return (resource, rest.FirstOrDefault());
            }
        }

        return null;
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (context.Request.Path.Value is { } path && path.EndsWith("/log", StringComparison.Ordinal)
            && Route(path[..^"/log".Length]) is ("pods", { } pod)
            && All("pods").Any(one => one["metadata"]!["name"]!.GetValue<string>() == pod))
        {
            await context.Response.WriteAsync(Logs(context.Request.QueryString.Value ?? ""));
            return;
        }

        if (Route(context.Request.Path) is not var (resource, name))
        {
            await AnswerAsync(context, 404, Status(404, "NotFound", $"the server could not find {context.Request.Path}"));
            return;
        }

        var body = HttpMethods.IsPost(context.Request.Method) || HttpMethods.IsPut(context.Request.Method)
            ? (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!.AsObject()
            : null;
        var call = new FakeCall(context.Request.Method, resource, name, context.Request.QueryString.Value ?? "", body);
        lock (_gate)
        {
            _calls.Add(call);
        }

        if (Faults(call) is { } fault)
        {
            if (fault.Done)
            {
                Act(call, out _);
            }

            await FailAsync(context, fault);
        }
        else if (call.IsWatch)
        {
            await WatchAsync(context, resource);
        }
        else
        {
            var status = Act(call, out var answer, context.Request.Query["labelSelector"]);
            await AnswerAsync(context, status, answer);
        }
    }

    private static async Task FailAsync(HttpContext context, Fault fault)
    {
        if (fault.Status == 0)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
                .ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (fault.RetryAfter is not null)
        {
            context.Response.Headers.RetryAfter = fault.RetryAfter;
        }

        await AnswerAsync(context, fault.Status, Status(fault.Status, "Fault", $"a fault with status {fault.Status}"));
    }

    private int Act(FakeCall call, out JsonNode answer, string? selector = null) => call.Verb switch
    {
        "GET" when call.Name is null => List(call.Resource, selector, out answer),
        "GET" => Read(call, out answer),
        "POST" => Create(call, out answer),
        "PUT" => Replace(call, out answer),
        "DELETE" when call.Name is not null => Delete(call, out answer),
        _ => Refuse(405, "MethodNotAllowed", call, out answer),
    };

    private static int Refuse(int status, string reason, FakeCall call, out JsonNode answer)
    {
        answer = Status(
            status, reason, $"{call.Resource} \"{call.Name ?? call.Body?["metadata"]?["name"]?.GetValue<string>()}\": {reason}");
        return status;
    }

    private int List(string resource, string? selector, out JsonNode answer)
    {
        lock (_gate)
        {
            answer = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "List",
                ["metadata"] = new JsonObject { ["resourceVersion"] = Text(_version) },
                ["items"] = new JsonArray([.. All(resource).Where(found => Matches(found, selector))]),
            };
            return 200;
        }
    }

    private int Read(FakeCall call, out JsonNode answer)
    {
        lock (_gate)
        {
            if (!_objects.TryGetValue((call.Resource, call.Name!), out var found))
            {
                return Refuse(404, "NotFound", call, out answer);
            }

            answer = found.DeepClone();
            return 200;
        }
    }

    private int Create(FakeCall call, out JsonNode answer)
    {
        var made = call.Body!.DeepClone().AsObject();
        lock (_gate)
        {
            if (_objects.ContainsKey((call.Resource, made["metadata"]!["name"]!.GetValue<string>())))
            {
                return Refuse(409, "AlreadyExists", call, out answer);
            }

            made["metadata"]!["uid"] = Guid.NewGuid().ToString();
            made["metadata"]!["creationTimestamp"] = "2026-01-01T00:00:00Z";
            if (call.Resource == "pods")
            {
                made["status"] = new JsonObject { ["phase"] = "Pending" };
            }

            Store(call.Resource, made, "ADDED", muted: false);
            answer = made.DeepClone();
        }

        Made?.Invoke(call.Resource, answer.DeepClone().AsObject());
        return 201;
    }

    private int Replace(FakeCall call, out JsonNode answer)
    {
        lock (_gate)
        {
            if (!_objects.TryGetValue((call.Resource, call.Name!), out var found))
            {
                return Refuse(404, "NotFound", call, out answer);
            }

            if (call.Body!["metadata"]!["resourceVersion"]?.GetValue<string>() != found["metadata"]!["resourceVersion"]!.GetValue<string>())
            {
                return Refuse(409, "Conflict", call, out answer);
            }

            var changed = call.Body.DeepClone().AsObject();
            Store(call.Resource, changed, "MODIFIED", muted: false);
            answer = changed.DeepClone();
            return 200;
        }
    }

    private int Delete(FakeCall call, out JsonNode answer)
    {
        if (!Remove(call.Resource, call.Name!))
        {
            return Refuse(404, "NotFound", call, out answer);
        }

        answer = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Success" };
        return 200;
    }

    private void Store(string resource, JsonObject made, string type, bool muted)
    {
        _objects[(resource, made["metadata"]!["name"]!.GetValue<string>())] = made;
        Tell(resource, made, type, muted);
    }

    private void Tell(string resource, JsonObject changed, string type, bool muted)
    {
        changed["metadata"]!["resourceVersion"] = Text(++_version);
        if (!muted)
        {
            _events.Add((_version, resource, type, changed.DeepClone().AsObject()));
            Interlocked.Exchange(ref _change, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    private async Task WatchAsync(HttpContext context, string resource)
    {
        var dropped = Volatile.Read(ref _watches).Token;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(dropped, context.RequestAborted);
        var from = long.Parse(context.Request.Query["resourceVersion"]!, CultureInfo.InvariantCulture);
        var selector = context.Request.Query["labelSelector"].ToString();
        context.Response.ContentType = "application/json";
        try
        {
            await context.Response.Body.FlushAsync(ended.Token);
            while (true)
            {
                var change = Volatile.Read(ref _change).Task;
                var (news, expired) = Since(resource, from);
                if (expired)
                {
                    await WriteAsync(context, "ERROR", Status(410, "Expired", "too old resource version"), ended.Token);
                    return;
                }

                foreach (var (version, type, changed) in news)
                {
                    from = version;
                    if (Matches(changed, selector))
                    {
                        await WriteAsync(context, type, changed, ended.Token);
                    }
                }

                await change.WaitAsync(ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    private (IReadOnlyList<(long Version, string Type, JsonObject Object)> News, bool Expired) Since(string resource, long from)
    {
        lock (_gate)
        {
            return from < _oldest
                ? ([], true)
                : ([.. _events.Where(one => one.Version > from && one.Resource == resource)
                    .Select(one => (one.Version, one.Type, one.Object.DeepClone().AsObject()))], false);
        }
    }

    private static async Task WriteAsync(HttpContext context, string type, JsonObject changed, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(
            JsonSerializer.Serialize(new JsonObject { ["type"] = type, ["object"] = changed.DeepClone() }) + "\n", cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);
}
