using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Backends;
using Sandbox.Serving.BuiltIn;
using Sandbox.Serving.Engines;
using Sandbox.Testing;

namespace Sandbox.Serving.Tests.Backends;

/// <summary>The backend with an engine that really runs, as a process.</summary>
public sealed class ServeBackendTests : IAsyncDisposable
{
    private const string Key = "sk-0123456789";

    private static readonly TimeSpan Patience = TimeSpan.FromDays(365);

    private readonly ImpatientTime _time = new();
    private readonly HttpClient _http = new();
    private readonly TestCluster _cluster = new();
    private readonly ProcessEngineRunner _runner = new();
    private readonly EngineRegistry _engines = EchoEngine.Registry();
    private readonly ListLogger<ServeBackend> _logger = new();
    private readonly ServeBackend _backend;
    private readonly int _port = ReservedPorts.Next();

    public ServeBackendTests() => _backend = new(_cluster, _engines, _runner, new HttpReadinessProbe(_http), _time, _logger);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _backend.DisposeAsync();
        await _runner.DisposeAsync();
        _http.Dispose();
    }

    [Fact]
    [Trait("Row", "31")]
    public async Task Model_Started_GetsReadyIsServedToldOfAndStopped()
    {
        Assert.Equal("ray_not_initialized", (await _backend.GetStatusAsync(Cancellation)).Status);
        var started = await StartAsync(("api_key", Key), ("print_key", "true"));
        Assert.Null(started.Failure);
        Assert.Equal(("echo", "echo-app", _port, "echo"), (started.Engine, started.ApplicationName, started.Port, started.Model));

        var lines = await LogsUntilAsync("Now listening");
        var ready = await _backend.WaitForReadyAsync(Patience, Cancellation);
        Assert.True(ready.Ready, $"an engine that listens is not ready: {ready.LastError}");
        Assert.Contains("The key is ***.", lines);
        Assert.DoesNotContain(lines, line => line.Contains(Key, StringComparison.Ordinal));

        var status = await _backend.GetStatusAsync(Cancellation);
        Assert.Equal((true, "running", "echo-app"), (status.Running, status.Status, Assert.Single(status.Deployments).Name));

        Assert.Equal("already_running", (await StartAsync()).Failure?.Code);
        Assert.Equal("stopped", (await _backend.StopModelAsync(Cancellation)).Status);
        Assert.Equal("not_running", (await _backend.StopModelAsync(Cancellation)).Status);
        Assert.Equal("not_deployed", (await _backend.GetStatusAsync(Cancellation)).Status);
        Assert.Empty(await LogsUntilAsync("nothing"));
        await Assert.ThrowsAsync<HttpRequestException>(() => _http.GetAsync($"http://127.0.0.1:{_port}/health", Cancellation));
        Assert.DoesNotContain(_logger.Lines, line => line.Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Row", "31")]
    public async Task Wait_ForAnEngineThatNeverAnswers_TimesOutWithTheLastError()
    {
        // It listens elsewhere than where it is asked.
        var started = await StartAsync(("host", "127.0.0.2"));

        var ready = await _backend.WaitForReadyAsync(TimeSpan.FromMinutes(2), Cancellation);

        Assert.Null(started.Failure);
        Assert.Equal("timeout", ready.Failure?.Code);
        Assert.Equal("/health does not answer: ConnectionError", ready.LastError);
        Assert.Equal(TimeSpan.FromMinutes(2), ready.Elapsed);
        Assert.Contains(
            "Information: Not ready after 10 s: /health does not answer: ConnectionError", _logger.Lines.Select(line => line.Trim()));
    }

    [Fact]
    [Trait("Row", "31")]
    public async Task Wait_ForAnEngineThatHasEnded_EndsWithTheReason()
    {
        using var taken = new TcpListener(IPAddress.Loopback, _port);
        taken.Start();
        await StartAsync();
        await LogsUntilAsync("no such line");

        var ready = await _backend.WaitForReadyAsync(Patience, Cancellation);

        Assert.Equal("engine_failed", ready.Failure?.Code);
        Assert.StartsWith("the engine is deploy_failed; ended with", ready.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_ForNothing_EndsAtOnce() =>
        Assert.Equal("No model was started.", (await _backend.WaitForReadyAsync(Patience, Cancellation)).LastError);

    [Theory]
    [Trait("Row", "30")]
    [InlineData("echo", "other", "echo")]
    [InlineData(null, "echo", "echo")]
    [InlineData(null, null, "echo")]
    [InlineData("other", "echo", "invalid_engine: There is no engine 'other'. Engines: vllm, echo.")]
    [InlineData(null, "other", "invalid_engine: There is no engine 'other'. Engines: vllm, echo.")]
    public async Task Engine_OfTheArgument_GoesBeforeTheConfigurationsAndThatBeforeTheDefault(
        string? argument, string? configured, string expected)
    {
        var engines = new EngineRegistry(NullLogger<EngineRegistry>.Instance);
        engines.Register(BuiltInEngines.All[0]);
        engines.Register(EchoEngine.Components, asDefault: true);
        await using var backend = new ServeBackend(_cluster, engines, _runner, new HttpReadinessProbe(_http), _time, _logger);
        var configuration = EchoEngine.Configuration(("port", $"{_port}"));

        var started = await backend.StartModelAsync(
            configured is null ? configuration : configuration.With("engine", configured), new() { Engine = argument }, Cancellation);

        Assert.Equal(expected, started.Failure is { } failure ? $"{failure.Code}: {failure.Message}" : started.Engine);
    }

    [Fact]
    [Trait("Row", "30")]
    public async Task Start_WithoutEnginesOrACluster_SaysSo()
    {
        await using var backend = new ServeBackend(
            _cluster, new(NullLogger<EngineRegistry>.Instance), _runner, new HttpReadinessProbe(_http), _time, _logger);

        Assert.Equal("no_engine_specified", (await backend.StartModelAsync(EchoEngine.Configuration(), new(), Cancellation)).Failure?.Code);
        _cluster.Silent.Add(TestCluster.Local);
        Assert.Equal("ray_init_failed", (await StartAsync()).Failure?.Code);
        _cluster.IsInstalled = false;
        Assert.Equal("ray_not_installed", (await StartAsync()).Failure?.Code);
        Assert.Equal("ray_not_available", (await _backend.GetStatusAsync(Cancellation)).Status);
    }

    [Fact]
    [Trait("Row", "30")]
    public async Task Start_WithAConfigurationThatIsWrong_SaysAllOfIt()
    {
        var started = await StartAsync(("modle", "m"), ("print_key", "maybe"));

        Assert.Equal("invalid_config", started.Failure?.Code);
        Assert.Equal(
            "'modle' is not a key of echo; did you mean 'model'?; print_key must be true or false, not 'maybe'", started.Failure?.Message);
        Assert.Equal(
            "invalid_config",
            (await _backend.StartModelAsync(EchoEngine.Configuration(), new() { Replicas = 0 }, Cancellation)).Failure?.Code);
    }

    [Fact]
    public async Task Start_OfAProgramThatIsNotThere_FailsAndLeavesNothing()
    {
        _engines.Register(BuiltInEngines.All[0]);
        var configuration = EchoEngine.Configuration(("model", "m"), ("program", "/nowhere/vllm"), ("engine", "vllm"), ("hf_token", Key));

        var started = await _backend.StartModelAsync(configuration, new() { WaitReady = true }, Cancellation);

        Assert.Equal("start_failed", started.Failure?.Code);
        Assert.StartsWith("/nowhere/vllm does not run", started.Failure?.Message, StringComparison.Ordinal);
        Assert.Equal("not_deployed", (await _backend.GetStatusAsync(Cancellation)).Status);
    }

    /// <summary>A recorder stands in the place of vLLM.</summary>
    [Fact]
    [Trait("Row", "34")]
    public async Task Vllm_Started_GetsItsArgumentsAndItsTokenByItsEnvironmentOnly()
    {
        using var folder = new TempFolder();
        var program = folder.File("vllm");
        await File.WriteAllTextAsync(
            program, "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.arguments\"\nenv >\"$0.environment\"\nenv\n", Cancellation);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        _engines.Register(BuiltInEngines.All[0]);
        var configuration = EchoEngine.Configuration(
            ("model", "org/my model"), ("program", program), ("hf_token", Key), ("gpu_device", "1"), ("max_model_len", "4096"));

        var started = await _backend.StartModelAsync(configuration, new() { Engine = "vllm" }, Cancellation);
        var lines = await LogsUntilAsync("no such line");

        Assert.Null(started.Failure);
        Assert.Equal(
            [
                "serve", "org/my model", "--host", "127.0.0.1", "--port", "8000", "--dtype", "auto", "--max-model-len", "4096",
                "--tensor-parallel-size", "1", "--gpu-memory-utilization", "0.9", "--load-format", "auto",
            ],
            await File.ReadAllLinesAsync($"{program}.arguments", Cancellation));
        var environment = await File.ReadAllLinesAsync($"{program}.environment", Cancellation);
        Assert.Contains($"HF_TOKEN={Key}", environment);
        Assert.Contains($"HUGGING_FACE_HUB_TOKEN={Key}", environment);
        Assert.Contains("HF_TOKEN=***", lines);
        Assert.DoesNotContain(lines.Concat(_logger.Lines), line => line.Contains(Key, StringComparison.Ordinal));
        Assert.Contains("gpu_device has no effect", string.Join('\n', _logger.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("given:1", null, InitializeMode.Connected, "given:1")]
    [InlineData("given:1", "running:1", InitializeMode.Connected, "given:1")]
    [InlineData(null, "running:1", InitializeMode.Auto, "running:1")]
    [InlineData(null, null, InitializeMode.Local, TestCluster.Local)]
    public async Task Initialize_FindsTheCluster_ByAddressThenOnThisMachineThenANewOne(
        string? given, string? running, InitializeMode mode, string address)
    {
        _cluster.Running = running;

        var found = await _backend.InitializeAsync(given, Cancellation);
        var again = await _backend.InitializeAsync("another:1", Cancellation);

        Assert.Equal((true, mode, address), (found.Initialized, found.Mode, found.Address));
        Assert.Equal($"node of {address}", Assert.Single(found.Nodes).Id);
        Assert.Equal((InitializeMode.AlreadyInitialized, address), (again.Mode, again.Address));
        Assert.Equal(mode is InitializeMode.Local ? 1 : 0, _cluster.Starts);
        Assert.Equal("not_running", (await _backend.ShutdownAsync(Cancellation)).Status);
        Assert.Equal("ray_not_initialized", (await _backend.GetStatusAsync(Cancellation)).Status);
    }

    [Fact]
    public async Task Initialize_AtAnAddressThatDoesNotAnswer_FailsAndCanBeTriedAgain()
    {
        _cluster.Silent.Add("given:1");

        var failed = await _backend.InitializeAsync("given:1", Cancellation);

        Assert.False(failed.Initialized, "a cluster that does not answer is used");
        Assert.Equal(("ray_init_failed", "given:1 does not answer."), (failed.Failure.Code, failed.Failure.Message));
        Assert.Equal(InitializeMode.Local, (await _backend.InitializeAsync(null, Cancellation)).Mode);
    }

    private Task<StartModelResult> StartAsync(params (string Key, string Value)[] values) => _backend.StartModelAsync(
        EchoEngine.Configuration([("port", $"{_port}"), .. values]), new(), Cancellation);

    /// <summary>All lines up to one that has a text, or up to the last one.</summary>
    private async Task<List<string>> LogsUntilAsync(string text)
    {
        var lines = new List<string>();
        await foreach (var line in _backend.ReadLogsAsync(100, Cancellation))
        {
            lines.Add(line);
            if (line.Contains(text, StringComparison.Ordinal))
            {
                break;
            }
        }

        return lines;
    }
}
