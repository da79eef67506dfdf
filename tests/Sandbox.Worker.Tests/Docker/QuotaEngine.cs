using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Errors;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>
/// An engine with overlay2 on XFS and project quota, which has one container. Its data folder lies in <paramref name="root"/>.
/// What it answers to inspect is what an engine answered between create and start.
/// </summary>
internal sealed class QuotaEngine(string root, IHostTools tools) : ILogger<SharedDiskBudget>, IAsyncDisposable
{
    public const string Id = "7ad69e8a778a18f7a4a8bb54ca310e916919f57017e1bb8ff122fd091c7d415c";

    private readonly TempFolder _folder = new();
    private EngineConnection? _connection;
    private FakeEngine? _engine;
    private DockerDeployment? _deployment;

    public FakeEngine Engine => _engine!;

    public FakeTimeProvider Clock { get; } = new();

    public string DataFolder => Path.Combine(root, "docker");

    /// <summary>Where the container's own files are, by the engine's words.</summary>
    public string Changes { get; set; } = Path.Combine(root, "docker", "overlay2", "480c0363729814aff09903c359d936b8", "diff");

    public string ContainerFolder => Path.Combine(DataFolder, "containers", Id);

    public string LogFile => Path.Combine(ContainerFolder, $"{Id}-json.log");

    public List<string> Volumes { get; } = [];

    public string Driver { get; set; } = "overlay2";

    public string FileSystem { get; set; } = "xfs";

    /// <summary>It was removed from outside since it was made.</summary>
    public bool HasLostIt { get; set; }

    /// <summary>Events about the budget.</summary>
    public List<string> Told { get; } = [];

    public async Task<StartedSandbox> StartAsync(long? disk, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(ContainerFolder);
        _engine ??= await FakeEngine.StartAsync(AnswerAsync, filesystem: FileSystem, dataFolder: DataFolder);
        var options = new WorkerOptions
        {
            DataFolder = _folder.Path,
            ClusterId = "c",
            NodeName = "n",
            AgentFolder = _folder.Path,
            DockerHost = _engine.Address,
        };
        _connection ??= new EngineConnection(Options.Create(options), Clock);
        _deployment ??= TestDeployment.Of(_connection, options, Clock, tools: tools, budget: this);
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { DiskBytes = disk });
        Result<StartedSandbox> started = await _deployment.EnsureStartedAsync(
            new StartOrder(sandbox, null), new RecordedPhases(), cancellationToken);
        Assert.True(started.TryGet(out var value, out var error), error?.Text);
        return value;
    }

    public bool HasStarted => Engine.Calls.Any(call => call.Verb.EndsWith("/start", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        _connection?.Dispose();
        if (_engine is not null)
        {
            await _engine.DisposeAsync();
        }

        _folder.Dispose();
    }

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == 3009)
        {
            Told.Add(formatter(state, exception));
        }
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    private Task AnswerAsync(FakeEngine.Call call, HttpResponse response) => call.Verb switch
    {
        "POST containers/create" => FakeEngine.SayAsync(response, 201, new { Id, Warnings = Array.Empty<string>() }),
        var verb when verb.EndsWith("/start", StringComparison.Ordinal) => NothingAsync(response),
        var verb when verb.StartsWith("GET images/", StringComparison.Ordinal) => FakeEngine.SayAsync(response, 200, new { Id }),
        var verb when verb.EndsWith("/json", StringComparison.Ordinal) && !HasLostIt => FakeEngine.SayAsync(response, 200, Inspected()),
        _ => FakeEngine.RefuseAsync(response, 404, "No such container"),
    };

    private object Inspected() => new
    {
        Id,
        LogPath = "",
        GraphDriver = new { Name = Driver, Data = new { UpperDir = Changes } },
        Mounts = Volumes.Select(
            volume => new { Type = "volume", Name = "v", Source = volume, Destination = "/v", Driver = "local", RW = true })
            .Prepend(new { Type = "bind", Name = "", Source = "/agent", Destination = "/agent", Driver = "", RW = false }),
    };

    private static Task NothingAsync(HttpResponse response)
    {
        response.StatusCode = 204;
        return Task.CompletedTask;
    }
}
