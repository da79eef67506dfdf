using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Tests.Backends;

/// <summary>Runs one engine as a process of this machine, without a sandbox around it.</summary>
internal sealed class ProcessEngineRunner : IEngineRunner, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = NewSignal();
    private Process? _process;
    private int _port;
    private bool _isOver;

    public Task StartAsync(string application, EngineDeployment deployment, CancellationToken cancellationToken)
    {
        var launch = deployment.Launch;
        var start = new ProcessStartInfo(launch.Arguments[0], launch.Arguments.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, secret) in launch.Secrets)
        {
            start.Environment[name] = secret.Reveal();
        }

        foreach (var (name, value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            (_process, _port) = (Process.Start(start)!, launch.Port);
        }
        catch (Win32Exception exception)
        {
            throw new EngineRunnerException($"{launch.Arguments[0]} does not run: {exception.Message}", exception);
        }

        _ = ReadToEndAsync(_process);
        return Task.CompletedTask;
    }

    public Task<EngineStatus> GetStatusAsync(string application, CancellationToken cancellationToken) => Task.FromResult<EngineStatus>(
        _process is null ? new(ServeState.NotDeployed, null, [])
        : _process.HasExited
            ? new(ServeState.DeployFailed, null, [new(application, ServeState.DeployFailed, $"ended with {_process.ExitCode}")])
            : new(ServeState.Running, new($"http://127.0.0.1:{_port}"), [new(application, ServeState.Running, "")]));

    public async IAsyncEnumerable<string> ReadLogsAsync(
        string application, int tail, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        int at;
        lock (_lock)
        {
            at = Math.Max(0, _lines.Count - tail);
        }

        while (true)
        {
            (List<string> next, Task changed, bool isOver) read;
            lock (_lock)
            {
                read = (_lines.GetRange(at, _lines.Count - at), _changed.Task, _isOver);
            }

            foreach (var line in read.next)
            {
                at++;
                yield return line;
            }

            if (read.isOver)
            {
                yield break;
            }

            await read.changed.WaitAsync(cancellationToken);
        }
    }

    public async Task StopAsync(string application, CancellationToken cancellationToken)
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(cancellationToken);
            process.Dispose();
            _process = null;
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync("", CancellationToken.None);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ReadToEndAsync(Process process)
    {
        await Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        Change(() => _isOver = true);
    }

    private async Task ReadAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            Change(() => _lines.Add(line));
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _changed.SetResult();
            _changed = NewSignal();
        }
    }
}
