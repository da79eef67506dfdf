using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Running;

/// <summary>What parts of a stack share.</summary>
internal sealed record PartTools(ResourceNotificationService Notifications, ResourceConsole Console, ProcessGuard Guard, TimeProvider Time);

/// <summary>One process of a resource: the whole of it, or one of its replicas. It is started, watched, stopped, and started again.</summary>
internal sealed class Part(string id, int replica, IResource resource, IProgram program, PartTools tools) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private ChildProcess? _process;

    /// <summary>The resource's name, with a number where it has replicas.</summary>
    public string Id { get; } = id;

    public bool IsReady { get; private set; }

    /// <summary>Whether it runs, or has run to its end; with the exit code.</summary>
    public Task<int>? Ended => _process?.Ended;

    /// <summary>Starts it and waits until others may rely on it.</summary>
    /// <exception cref="DistributedApplicationException">It ended before, or cannot be started.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_process is { Ended.IsCompleted: false })
            {
                return;
            }

            await TellAsync(KnownResourceStates.Starting);
            var launch = await program.PrepareAsync(replica, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            _process = ChildProcess.Start(launch, line => tools.Console.Line(Id, line), tools.Guard);
            _ = WatchAsync(_process);
            await TellAsync(KnownResourceStates.Running);
            await WaitUntilReadyAsync(_process, cancellationToken);
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or DistributedApplicationException or IOException)
        {
            tools.Console.Warn(Id, $"does not start: {exception.Message}");
            await TellAsync(KnownResourceStates.FailedToStart);
            throw new DistributedApplicationException($"'{Id}' does not start: {exception.Message}", exception);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    public async Task StopAsync()
    {
        if (_process is not { Ended.IsCompleted: false } process)
        {
            return;
        }

        IsReady = false;
        await TellAsync(KnownResourceStates.Stopping);
        await process.StopAsync(Patience, tools.Time);
    }

    private async Task WaitUntilReadyAsync(ChildProcess process, CancellationToken cancellationToken)
    {
        while (!await program.IsReadyAsync(replica, cancellationToken))
        {
            if (process.Ended.IsCompleted)
            {
                throw new DistributedApplicationException($"it ended with {await process.Ended} before it was ready");
            }

            await Task.WhenAny(process.Ended, Task.Delay(Pause, tools.Time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }

        await program.FinishAsync(cancellationToken);
        IsReady = !process.Ended.IsCompleted;
        if (IsReady)
        {
            await TellAsync(KnownResourceStates.Running, HealthStatus.Healthy);
        }
    }

    private async Task WatchAsync(ChildProcess process)
    {
        var exitCode = await process.Ended;
        IsReady = false;
        await TellAsync(exitCode == 0 ? KnownResourceStates.Finished : KnownResourceStates.Exited, exitCode: exitCode);
        if (exitCode != 0)
        {
            tools.Console.Warn(Id, $"ended with {exitCode}");
        }
    }

    private Task TellAsync(string state, HealthStatus? health = null, int? exitCode = null) =>
        tools.Notifications.PublishUpdateAsync(resource, Id, before => before with
        {
            State = new ResourceStateSnapshot(state, null),
            HealthStatus = health,
            ExitCode = exitCode,
            Properties = _process is { Ended.IsCompleted: false } process ? [new ResourcePropertySnapshot("executable.pid", process.Id)] : [],
            Urls = [.. resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.AllocatedEndpoint is not null)
                .Select(endpoint => new UrlSnapshot(endpoint.Name, endpoint.AllocatedEndpoint!.UriString, !endpoint.IsExternal))],
        });
}
