using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Reconciliation;

/// <summary>Watches agents that run elsewhere. Nothing lists them and nothing tells of their end, so each is asked; one that has not
/// answered for long enough is lost.</summary>
internal sealed class RemoteAgents(AgentLinks links, LostSandboxes lost, IOptions<WorkerOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<IncarnationId, long> _silentSince = new();

    /// <returns>The records of those that answer.</returns>
    public async Task<IReadOnlyList<SandboxInstance>> AskAsync(IReadOnlyList<SandboxInstance> remotes, CancellationToken cancellationToken)
    {
        var wanted = remotes.Select(record => record.Incarnation).ToHashSet();
        foreach (var forgotten in _silentSince.Keys.Where(incarnation => !wanted.Contains(incarnation)))
        {
            _silentSince.TryRemove(forgotten, out _);
        }

        var answers = await Task.WhenAll(remotes.Select(record => AnswersAsync(record, cancellationToken)));
        return [.. remotes.Where((_, number) => answers[number])];
    }

    private async Task<bool> AnswersAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        var status = await links.Ensure(record).StatusAsync(cancellationToken);
        if (status.TryGet(out _, out var error))
        {
            _silentSince.TryRemove(record.Incarnation, out _);
            return true;
        }

        // By the monotonic clock of this process: another life of it begins to count anew.
        var silent = time.GetElapsedTime(_silentSince.GetOrAdd(record.Incarnation, _ => time.GetTimestamp()));
        if (silent >= options.Value.RemoteLostAfter)
        {
            var reason = string.Create(
                CultureInfo.InvariantCulture,
                $"its agent on {DialingTransport.AddressOf(record.Spec.Remote!).Authority} has not answered for {silent.TotalSeconds:0} "
                    + $"s: {error.Text}");
            await lost.JudgeAsync(record, new FoundSandbox(record.Incarnation, record.Id, Running: false, reason), cancellationToken);
        }

        return false;
    }
}
