using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Backends;

/// <summary>Serves one model on a cluster. What can go wrong is in the results, and no call throws for it; calls that change something
/// wait for each other.</summary>
public sealed partial class ServeBackend(
    IClusterRuntime cluster,
    EngineRegistry engines,
    IEngineRunner runner,
    IReadinessProbe probe,
    TimeProvider time,
    ILogger<ServeBackend> logger) : IAsyncDisposable
{
    private const int MostLogLines = 10_000;

    private static readonly TimeSpan ReadyInterval = TimeSpan.FromSeconds(5);

    /// <summary>A line of progress for every so many answers that it is not ready.</summary>
    private const int ProgressInterval = 3;

    private readonly SemaphoreSlim _changing = new(1);
    private readonly ClusterConnection _cluster = new(cluster);
    private ServedModel? _model;
    private bool _isDisposed;

    /// <summary>Finds the cluster, once: at the address, or one that runs on this machine, or else a new one on it.</summary>
    public async Task<InitializeResult> InitializeAsync(string? address, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            return await _cluster.FindAsync(address, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Starts a model, and the cluster before it where there is none.</summary>
    public async Task<StartModelResult> StartModelAsync(
        EngineConfiguration configuration, StartModelOptions options, CancellationToken cancellationToken)
    {
        StartModelResult started;
        await _changing.WaitAsync(cancellationToken);
        try
        {
            started = await StartAsync(configuration, options, cancellationToken);
        }
        finally
        {
            _changing.Release();
        }

        return started.Started && options.WaitReady
            ? started with { Readiness = await WaitForReadyAsync(options.ReadyTimeout, cancellationToken) }
            : started;
    }

    /// <summary>Waits until the model that was started is ready. Ends early when its engine has ended.</summary>
    public async Task<ReadyResult> WaitForReadyAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var (error, hasFailed) = await CheckReadyAsync(cancellationToken);
            var elapsed = time.GetElapsedTime(began);
            if (error is null)
            {
                return new(elapsed, null, null);
            }

            if (hasFailed || elapsed >= timeout)
            {
                return new(elapsed, error, hasFailed
                    ? new(ServingError.EngineFailed, error)
                    : new(ServingError.Timeout, $"Not ready within {timeout.TotalSeconds} s: {error}"));
            }

            if (attempt % ProgressInterval == 0)
            {
                Log.NotReadyYet(logger, (int)elapsed.TotalSeconds, error);
            }

            var left = timeout - elapsed;
            await Task.Delay(left < ReadyInterval ? left : ReadyInterval, time, cancellationToken);
        }
    }

    /// <summary>Stops the model; without effect when none is served.</summary>
    public async Task<StopModelResult> StopModelAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            return await StopAsync(cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task<ServeStatus> GetStatusAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _model) is not { } model)
        {
            return new(_cluster.StateWithoutModel, []);
        }

        try
        {
            var status = await runner.GetStatusAsync(model.Application, cancellationToken);
            return new(
                status.State, [.. status.Replicas.Select(replica => replica with { Message = model.Redactor.Redact(replica.Message) })]);
        }
        catch (EngineRunnerException exception)
        {
            return new(ServeState.Error, [], model.Redactor.Redact(exception.Message));
        }
    }

    /// <summary>What the engine printed and prints, without its secrets; nothing when no model is served.</summary>
    /// <param name="tail">How many lines of the past, 10,000 at most.</param>
    public async IAsyncEnumerable<string> ReadLogsAsync(int tail, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _model) is not { } model)
        {
            yield break;
        }

        await foreach (var line in runner.ReadLogsAsync(model.Application, Math.Clamp(tail, 0, MostLogLines), cancellationToken))
        {
            yield return model.Redactor.Redact(line);
        }
    }

    /// <summary>Stops the model and leaves the cluster, which goes on: others may use it.</summary>
    public async Task<StopModelResult> ShutdownAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            var stopped = await StopAsync(cancellationToken);
            if (stopped.Stopped)
            {
                _cluster.Leave();
            }

            return stopped;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        await ShutdownAsync(CancellationToken.None);
        _changing.Dispose();
    }

    private async Task<StartModelResult> StartAsync(
        EngineConfiguration configuration, StartModelOptions options, CancellationToken cancellationToken)
    {
        if (_model is not null)
        {
            return Failed(ServingError.AlreadyRunning, $"{_model.Deployment.Launch.Model} is served already; stop it first.");
        }

        if (_cluster.Address is null && await _cluster.FindAsync(null, cancellationToken) is { Initialized: false, Failure: var failure })
        {
            return new() { Failure = failure };
        }

        if ((options.Engine ?? configuration.Find("engine") ?? engines.Default) is not { } name)
        {
            return Failed(ServingError.NoEngineSpecified, "No engine was named, and there is no default.");
        }

        if (!engines.TryGet(name, out var engine))
        {
            return Failed(ServingError.InvalidEngine, new UnknownEngineException(name, engines.Names).Message);
        }

        if (options.Replicas < 1 || engine.Configuration.Validate(configuration) is { IsValid: false })
        {
            return Failed(
                ServingError.InvalidConfiguration,
                options.Replicas < 1 ? "There must be at least one replica." : engine.Configuration.Validate(configuration).Message);
        }

        var launch = engine.Configuration.Build(configuration);
        var deployment = engine.Deployment.Create(launch, options.Replicas) with { Configuration = configuration };
        var model = new ServedModel(engine.Engine, deployment, options.Readiness);
        foreach (var note in launch.Notes)
        {
            Log.WithoutEffect(logger, engine.Name, note);
        }

        try
        {
            await runner.StartAsync(model.Application, model.Deployment, cancellationToken);
        }
        catch (EngineRunnerException exception)
        {
            return Failed(ServingError.StartFailed, model.Redactor.Redact(exception.Message));
        }
        catch (OperationCanceledException)
        {
            // It may have been placed already, and nobody would know it.
            await runner.StopAsync(model.Application, CancellationToken.None);
            throw;
        }

        Volatile.Write(ref _model, model);
        Log.Started(logger, engine.Name, launch.Model, model.Application);
        return new() { Engine = engine.Name, ApplicationName = model.Application, Port = launch.Port, Model = launch.Model };
    }

    private async Task<StopModelResult> StopAsync(CancellationToken cancellationToken)
    {
        if (_model is not { } model)
        {
            return new(false, null);
        }

        try
        {
            await runner.StopAsync(model.Application, cancellationToken);
        }
        catch (EngineRunnerException exception)
        {
            return new(true, new(ServingError.EngineFailed, model.Redactor.Redact(exception.Message)));
        }

        Volatile.Write(ref _model, null);
        return new(true, null);
    }

    /// <summary>Why the model is not ready (null when it is), and whether it will not be.</summary>
    private async Task<(string? Error, bool HasFailed)> CheckReadyAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _model) is not { } model)
        {
            return ("No model was started.", true);
        }

        try
        {
            var status = await runner.GetStatusAsync(model.Application, cancellationToken);
            var error = status is { State: ServeState.Running, Address: { } address }
                ? await probe.CheckAsync(address, model.Engine, model.Deployment.Launch, model.Readiness, cancellationToken)
                : string.Join("; ", ImmutableArray.Create($"the engine is {new ServeStatus(status.State, []).Status}")
                    .AddRange(status.Replicas.Select(replica => replica.Message).Where(message => message.Length > 0)));
            return (error is null ? null : model.Redactor.Redact(error), status.State is ServeState.DeployFailed or ServeState.NotDeployed);
        }
        catch (EngineRunnerException exception)
        {
            return (model.Redactor.Redact(exception.Message), false);
        }
    }

    private static StartModelResult Failed(ServingError error, string message) => new() { Failure = new(error, message) };

    private static partial class Log
    {
        [LoggerMessage(7011, LogLevel.Information, "Engine {Engine} with {Model} is started as {Application}")]
        public static partial void Started(ILogger logger, string engine, string model, string application);

        [LoggerMessage(7012, LogLevel.Information, "Not ready after {Seconds} s: {Error}")]
        public static partial void NotReadyYet(ILogger logger, int seconds, string error);

        [LoggerMessage(7013, LogLevel.Warning, "Of the configuration of engine {Engine}: {Note}")]
        public static partial void WithoutEffect(ILogger logger, string engine, string note);
    }
}
