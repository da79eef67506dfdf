using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Fake;

/// <summary>
/// A workspace of Cloudera ML as far as its REST interface shows it. It checks each request as strictly as the interface is described,
/// starts a child's run when its parent has succeeded, and runs applications as processes of this machine.
/// </summary>
public sealed partial class FakeCml : IAsyncDisposable
{
    public const string Key = "cml-key-0123456789abcdef";

    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<RecordedRequest> _requests = new();
    private readonly List<(string Call, Func<IResult> Answer, int Times)> _faults = [];
    private readonly List<JsonObject> _projects = [];
    private readonly List<FakeJob> _jobs = [];
    private readonly List<FakeApplication> _applications = [];
    private int _next;

    private FakeCml(WebApplication app) => _app = app;

    public IEnumerable<RecordedRequest> Requests => _requests;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>Where scripts of applications are; null: none is run.</summary>
    public string? ProjectFolder { get; init; }

    /// <summary>The variables of the project, which each of its applications has.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>What is told of the clone, one for each question; the last stays.</summary>
    public Queue<(string Status, string? Error)> Clone { get; } = new([("success", null)]);

    /// <summary>What the list of runs is called.</summary>
    public string RunsName { get; set; } = "job_runs";

    /// <summary>The states of each run of a job, by its name.</summary>
    public Func<string, string[]> StatesOfRuns { get; set; } = _ => ["ENGINE_SCHEDULING", "ENGINE_RUNNING", "ENGINE_SUCCEEDED"];

    public bool StartsChildren { get; set; } = true;

    /// <summary>The states of an application, by its name, one for each question; the last stays.</summary>
    public Dictionary<string, Queue<string>> StatesOfApplications { get; } = [];

    /// <summary>What an application is served at; null: the workspace does not tell.</summary>
    public Func<string, string?> UrlOf { get; set; } = subdomain => $"https://{subdomain}.ml.example/";

    public IReadOnlyList<FakeApplication> Applications
    {
        get
        {
            lock (_lock)
            {
                return [.. _applications];
            }
        }
    }

    public IReadOnlyList<FakeJob> Jobs
    {
        get
        {
            lock (_lock)
            {
                return [.. _jobs];
            }
        }
    }

    public static async Task<FakeCml> StartAsync(string? projectFolder = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var fake = new FakeCml(app) { ProjectFolder = projectFolder };
        app.Use(fake.CheckAsync);
        fake.Map(app.MapGroup("/api/v2"));
        await app.StartAsync();
        return fake;
    }

    public CmlClient Client(TimeProvider? time = null, ILogger<CmlClient>? logger = null, string key = Key) =>
        new(CmlConnection.Create(Address.ToString(), key), time ?? TimeProvider.System, logger ?? NullLogger<CmlClient>.Instance);

    /// <summary>The next answers of a call are these.</summary>
    /// <param name="call">What method and target begin with: <c>GET /projects/p</c>.</param>
    public void Fail(string call, int status, string body, int times = 1) =>
        FailBy(call, () => Results.Text(body, "application/json", statusCode: status), times);

    public void FailBy(string call, Func<IResult> answer, int times = 1)
    {
        lock (_lock)
        {
            _faults.Add((call, answer, times));
        }
    }

    /// <summary>A project that somebody else has made.</summary>
    public string GivenProject(string name)
    {
        lock (_lock)
        {
            var id = NextId("project");
            _projects.Add(new JsonObject { ["id"] = id, ["name"] = name });
            return id;
        }
    }

    /// <summary>An application that was made, whatever its maker was answered.</summary>
    public void GivenApplication(JsonObject settings)
    {
        lock (_lock)
        {
            _applications.Add(new FakeApplication(NextId("app"), settings, null));
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var application in Applications)
        {
            await EndAsync(application);
        }

        await _app.DisposeAsync();
    }

    private static async Task EndAsync(FakeApplication application)
    {
        if (application.Process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private async Task CheckAsync(HttpContext http, RequestDelegate next)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        var target = http.Request.GetEncodedPathAndQuery()["/api/v2".Length..];
        _requests.Enqueue(new RecordedRequest(http.Request.Method, target, http.Request.ContentType ?? "", body));
        http.Items["body"] = body;
        if (http.Request.Headers.Authorization != $"Bearer {Key}")
        {
            await Results.Json(new { message = $"no such key: {http.Request.Headers.Authorization}" }, statusCode: 401).ExecuteAsync(http);
        }
        else if (FindFault($"{http.Request.Method} {target}") is { } fault)
        {
            await fault().ExecuteAsync(http);
        }
        else
        {
            await next(http);
        }
    }

    private Func<IResult>? FindFault(string call)
    {
        lock (_lock)
        {
            var at = _faults.FindIndex(fault => call.StartsWith(fault.Call, StringComparison.Ordinal));
            if (at < 0)
            {
                return null;
            }

            var (prefix, answer, times) = _faults[at];
            if (times == 1)
            {
                _faults.RemoveAt(at);
            }
            else
            {
                _faults[at] = (prefix, answer, times - 1);
            }

            return answer;
        }
    }

    private void Map(RouteGroupBuilder api)
    {
        api.MapGet("/projects", ListProjects);
        api.MapPost("/projects", CreateProject);
        api.MapGet("/projects/{project}", GetProject);
        var group = api.MapGroup("/projects/{project}");
        group.MapGet("/jobs", (string project) => Known(
            project, () => Json(new JsonObject { ["jobs"] = ArrayOf(_jobs.Select(JobOf)) })));
        group.MapPost("/jobs", (HttpContext http, string project) => Known(project, () => CreateJob(http)));
        group.MapPatch("/jobs/{job}", (HttpContext http, string job) => Locked(() => UpdateJob(http, job)));
        group.MapGet("/jobs/{job}/runs", (string job, int page_size) => Locked(() => ListRuns(job, page_size)));
        group.MapPost("/jobs/{job}/runs", (HttpContext http, string job) => Locked(() => StartRun(http, job)));
        group.MapGet("/jobs/{job}/runs/{run}", (string job, string run) => Locked(() => GetRun(job, run)));
        group.MapGet("/applications", () => Locked(
            () => Json(new JsonObject { ["applications"] = ArrayOf(_applications.Select(ApplicationOf)) })));
        group.MapPost("/applications", (HttpContext http, string project) => Known(project, () => CreateApplication(http, project)));
        group.MapGet("/applications/{application}", (string application) => Locked(() => GetApplication(application)));
        group.MapDelete("/applications/{application}", DeleteApplicationAsync);
    }

    private IResult ListProjects(string? search_filter, int page_size, string? page_token) => Locked(() =>
    {
        var name = search_filter is null ? "" : (string)JsonNode.Parse(search_filter)!["name"]!;
        var skip = page_token is null ? 0 : int.Parse(page_token, CultureInfo.InvariantCulture);
        var found = _projects.Where(project => ((string)project["name"]!).Contains(name, StringComparison.Ordinal)).ToList();
        var page = new JsonObject { ["projects"] = ArrayOf(found.Skip(skip).Take(page_size)) };
        if (skip + page_size < found.Count)
        {
            page["next_page_token"] = (skip + page_size).ToString(CultureInfo.InvariantCulture);
        }

        return Json(page);
    });

    private IResult CreateProject(HttpContext http) => Locked(() =>
    {
        var body = Body(http, "name description template project_visibility git_url");
        if (body is null || (string?)body["template"] != "git" || (string?)body["project_visibility"] != "private")
        {
            return Refused("a project needs its fields");
        }

        var project = new JsonObject { ["id"] = NextId("project"), ["name"] = (string)body["name"]! };
        _projects.Add(project);
        return Json(project.DeepClone());
    });

    private IResult GetProject(string project) => Known(project, () =>
    {
        var (status, error) = Clone.Count > 1 ? Clone.Dequeue() : Clone.Peek();
        return Json(new JsonObject { ["id"] = project, ["creation_status"] = status, ["error_message"] = error });
    });

    private IResult CreateJob(HttpContext http)
    {
        if (Body(http, "name script cpu memory timeout runtime_identifier? parent_job_id?") is not { } body)
        {
            return Refused("a job needs its fields");
        }

        if ((string?)body["parent_job_id"] is { } parent && _jobs.All(job => job.Id != parent))
        {
            return Refused($"there is no job {parent}");
        }

        var created = new FakeJob(NextId("job"), body);
        _jobs.Add(created);
        return Json(JobOf(created));
    }

    private IResult UpdateJob(HttpContext http, string id)
    {
        if (Body(http, "name script cpu memory timeout runtime_identifier?") is not { } body)
        {
            return Refused("a change has the fields of a job without its parent");
        }

        if (_jobs.Find(job => job.Id == id) is not { } job)
        {
            return Results.NotFound();
        }

        foreach (var (name, value) in body)
        {
            job.Settings[name] = value?.DeepClone();
        }

        return Results.NoContent();
    }

    private IResult ListRuns(string id, int count) => _jobs.Find(job => job.Id == id) is not { } job
        ? Results.NotFound()
        : Json(new JsonObject { [RunsName] = ArrayOf(job.Runs.AsEnumerable().Reverse().Take(count).Select(RunOf)) });

    private IResult StartRun(HttpContext http, string id) =>
        (string)http.Items["body"]! is not "" ? Refused("a run has no body")
        : _jobs.Find(job => job.Id == id) is { } job ? Json(RunOf(Start(job)))
        : Results.NotFound();

    private FakeRun Start(FakeJob job)
    {
        var run = new FakeRun(NextId("run"), new Queue<string>(StatesOfRuns(job.Name)));
        job.Runs.Add(run);
        return run;
    }

    private IResult GetRun(string id, string run)
    {
        if (_jobs.Find(job => job.Id == id) is not { } job || job.Runs.Find(one => one.Id == run) is not { } found)
        {
            return Results.NotFound();
        }

        if (found.Step() && found.State.EndsWith("SUCCEEDED", StringComparison.OrdinalIgnoreCase) && StartsChildren)
        {
            foreach (var child in _jobs.Where(child => child.Parent == id))
            {
                Start(child);
            }
        }

        return Json(RunOf(found));
    }

    private IResult CreateApplication(HttpContext http, string project)
    {
        const string Fields =
            "name script cpu memory nvidia_gpu? runtime_identifier subdomain bypass_authentication environment?";
        if (Body(http, Fields) is not { } body)
        {
            return Refused("an application needs its fields");
        }

        var subdomain = (string)body["subdomain"]!;
        if (!SubdomainForm().IsMatch(subdomain) || _applications.Exists(one => (string?)one.Settings["subdomain"] == subdomain))
        {
            return Refused($"the subdomain {subdomain} is taken, or none");
        }

        if (body["nvidia_gpu"] is { } gpus && (int)gpus < 1)
        {
            return Refused("nvidia_gpu is left out where there is none");
        }

        var created = new FakeApplication(NextId("app"), body, ProjectFolder is null ? null : Run(body, project));
        _applications.Add(created);
        return Json(ApplicationOf(created));
    }

    private Process Run(JsonObject settings, string project)
    {
        var start = new ProcessStartInfo(Path.Combine(ProjectFolder!, (string)settings["script"]!))
        {
            WorkingDirectory = ProjectFolder,
            Environment = { ["CDSW_PROJECT_ID"] = project },
        };
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        foreach (var (name, value) in settings["environment"]?.AsObject() ?? [])
        {
            start.Environment[name] = (string?)value;
        }

        return Process.Start(start)!;
    }

    private IResult GetApplication(string id)
    {
        if (_applications.Find(one => one.Id == id) is not { } found)
        {
            return Results.NotFound();
        }

        var answer = ApplicationOf(found);
        if (StatesOfApplications.TryGetValue(found.Name, out var states))
        {
            answer["status"] = states.Count > 1 ? states.Dequeue() : states.Peek();
        }

        return Json(answer);
    }

    private async Task<IResult> DeleteApplicationAsync(string application)
    {
        FakeApplication? found;
        lock (_lock)
        {
            found = _applications.Find(one => one.Id == application);
            if (found is null)
            {
                return Results.NotFound();
            }

            _applications.Remove(found);
        }

        await EndAsync(found);
        return Results.NoContent();
    }

    private JsonObject ApplicationOf(FakeApplication application)
    {
        var subdomain = (string)application.Settings["subdomain"]!;
        var answer = new JsonObject
        {
            ["id"] = application.Id,
            ["name"] = application.Name,
            ["status"] = application.Process is { HasExited: true } ? "APPLICATION_STOPPED" : "APPLICATION_RUNNING",
            ["subdomain"] = subdomain,
        };
        if (UrlOf(subdomain) is { } url)
        {
            answer["url"] = url;
        }

        return answer;
    }

    private static JsonObject JobOf(FakeJob job) => new() { ["id"] = job.Id, ["name"] = job.Name };

    private static JsonObject RunOf(FakeRun run) => new() { ["id"] = run.Id, ["status"] = run.State };

    private static JsonArray ArrayOf(IEnumerable<JsonObject> items) => new([.. items.Select(item => (JsonNode)item.DeepClone())]);

    private static IResult Json(JsonNode node) => Results.Text(node.ToJsonString(), "application/json");

    private static IResult Refused(string message) => Results.Json(new { message }, statusCode: 400);

    /// <summary>The body, where it is JSON with just these fields; one with a question mark may be left out.</summary>
    private static JsonObject? Body(HttpContext http, string fields)
    {
        var names = fields.Split(' ');
        try
        {
            return http.Request.ContentType is "application/json" && JsonNode.Parse((string)http.Items["body"]!) is JsonObject body
                && names.All(name => name.EndsWith('?') || body.ContainsKey(name))
                && body.All(field => names.Any(name => name.TrimEnd('?') == field.Key) && field.Value is not null)
                ? body
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private IResult Known(string project, Func<IResult> answer) =>
        Locked(() => _projects.Exists(one => (string?)one["id"] == project) ? answer() : Results.NotFound());

    private IResult Locked(Func<IResult> answer)
    {
        lock (_lock)
        {
            return answer();
        }
    }

    private string NextId(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{++_next}");

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex SubdomainForm();
}
