using Sandbox.Agent.Native;

namespace Sandbox.Agent.Processes;

/// <summary>Ends everything that runs in the sandbox: politely first, then by force, descendants that made themselves independent
/// included.</summary>
internal sealed class ProcessEnding(Reaper reaper, TimeProvider time) : IHostedService
{
    private static readonly TimeSpan Politeness = TimeSpan.FromMilliseconds(500);

    internal async Task EndAllAsync(CancellationToken cancellationToken)
    {
        var children = reaper.Children;
        foreach (var child in children)
        {
            // A stopped process sees a signal only when it goes on; an interactive shell heeds only the hang-up.
            _ = child.Signal(Signals.Terminate);
            _ = child.Signal(Signals.Hangup);
            _ = child.Signal(Signals.Continue);
        }

        await Task.WhenAny(
            Task.WhenAll(children.Select(child => child.Exited)), Task.Delay(Politeness, time, cancellationToken));
        foreach (var child in children)
        {
            child.KillSession();
        }

        ProcessTree.KillDescendants();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => EndAllAsync(cancellationToken);
}
