using System.Globalization;
using System.Net;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Gives each GPU of the node to one sandbox at a time. Which are taken is read from the labels of the containers that run or are about
/// to, so a restart of this process changes nothing; a stop gives them back.
/// </summary>
internal sealed class GpuAssignment(EngineConnection engine, IOptions<WorkerOptions> options) : IDisposable
{
    private readonly EngineContainers _containers = new(engine);

    // Held from the choice until the engine shows it: no two choices are made of the same list.
    private readonly SemaphoreSlim _choosing = new(1);

    /// <summary>Chooses free ones for a container that is about to be made.</summary>
    /// <exception cref="EngineException">Fewer are free than it asks for.</exception>
    public async Task<GpuChoice> ChooseAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        var count = (int)Math.Ceiling(sandbox.Spec.NumGpus ?? 0);
        if (count <= 0)
        {
            return GpuChoice.None;
        }

        await _choosing.WaitAsync(cancellationToken);
        try
        {
            var all = GpuDevices.Of(options.Value);
            IReadOnlyList<string> free = [.. all.Except(await TakenAsync(sandbox, cancellationToken), StringComparer.Ordinal)];
            return free.Count >= count
                ? new GpuChoice([.. free.Take(count)], _choosing)
                : throw Refused($"{Text(count)} GPUs are asked for; this node has {Text(all.Count)}, and {Text(free.Count)} are free");
        }
        catch
        {
            _choosing.Release();
            throw;
        }
    }

    /// <summary>Takes those again that a stopped container was made with.</summary>
    /// <exception cref="EngineException">Another sandbox has one of them now.</exception>
    public async Task<GpuChoice> TakeAgainAsync(SandboxInstance sandbox, string container, CancellationToken cancellationToken)
    {
        if (sandbox.Spec.NumGpus is not > 0)
        {
            return GpuChoice.None;
        }

        await _choosing.WaitAsync(cancellationToken);
        try
        {
            var found = await _containers.FindAsync(container, cancellationToken);
            var own = ContainerLabels.GpusOf(found?.Config?.Labels);
            IReadOnlyList<string> taken = [.. own.Intersect(await TakenAsync(sandbox, cancellationToken), StringComparer.Ordinal)];
            return taken.Count == 0
                ? new GpuChoice(own, _choosing)
                : throw Refused(
                    $"it was made with the GPUs {string.Join(", ", own)}, and other sandboxes use {string.Join(", ", taken)} now");
        }
        catch
        {
            _choosing.Release();
            throw;
        }
    }

    public void Dispose() => _choosing.Dispose();

    /// <summary>What other containers have.</summary>
    private async Task<IEnumerable<string>> TakenAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        var listed = await _containers.ListAsync(ContainerLabels.Cluster, options.Value.ClusterId, cancellationToken);
        return listed.Where(container => MayRun(container) && !IsOf(sandbox, container))
            .SelectMany(container => ContainerLabels.GpusOf(container.Labels));
    }

    private bool IsOf(SandboxInstance sandbox, ContainerListResponse container) =>
        ContainerLabels.TryRead(container.Labels, options.Value.ClusterId, out var incarnation, out _)
        && incarnation == sandbox.Incarnation;

    private static bool MayRun(ContainerListResponse container) => container.State is not ("exited" or "dead" or "removing");

    private static EngineException Refused(string reason) => new(reason, HttpStatusCode.ServiceUnavailable, null);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>GPUs that are chosen; disposed once the engine shows the container that has them.</summary>
internal sealed class GpuChoice(IReadOnlyList<string> gpus, SemaphoreSlim? choosing) : IDisposable
{
    public static GpuChoice None { get; } = new([], choosing: null);

    public IReadOnlyList<string> Gpus { get; } = gpus;

    public void Dispose() => choosing?.Release();
}
