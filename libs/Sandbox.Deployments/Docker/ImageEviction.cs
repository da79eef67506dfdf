using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Images;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Keeps what starts pulled under a limit (<see cref="WorkerOptions.ImageCache"/>): looks after each pull, and from time to time. Only
/// what a registry has is removed: what the operator put there stays, and so does every commit, which nothing else has, until its tenant
/// removes it.
/// </summary>
internal sealed partial class ImageEviction(
    EngineConnection engine, ImageLedger ledger, IOptions<ImagePolicy> policy, IOptions<WorkerOptions> worker, TimeProvider time,
    ILogger<ImageEviction> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>No commit takes longer: its names for the meantime were left by a process that was killed.</summary>
    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(3);

    private readonly EngineImages _images = new(engine);
    private readonly SemaphoreSlim _sweeping = new(1);

    private Task _nextPull = ledger.NextPull;

    /// <summary>One look; how many images were removed. Two at once would remove the same.</summary>
    internal async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        await _sweeping.WaitAsync(cancellationToken);
        try
        {
            return await LookAsync(cancellationToken);
        }
        finally
        {
            _sweeping.Release();
        }
    }

    private async Task<int> LookAsync(CancellationToken cancellationToken)
    {
        // In this order: what is pulled meanwhile is in neither list.
        var known = ledger.ByLastUse();
        var present = (await _images.ListAsync(cancellationToken)).ToDictionary(image => image.ID);
        ledger.Forget([.. known.Select(one => one.Image).Where(image => !present.ContainsKey(image))]);
        await RemoveAbandonedAsync(present.Values, cancellationToken);

        var pulled = known.Where(one => one.Record.PulledFor is not null && present.ContainsKey(one.Image))
            .Select(one => present[one.Image]).ToList();
        var (excess, removed) = (pulled.Sum(image => image.Size) - Limit, 0);
        foreach (var image in pulled.TakeWhile(_ => excess > 0).Where(image => !IsKept(image)))
        {
            if (await RemoveAsync(image, cancellationToken))
            {
                Log.Evicted(logger, image.ID, image.Size);
                ledger.Forget([image.ID]);
                (excess, removed) = (excess - image.Size, removed + 1);
            }
        }

        return removed;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            using (var waited = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken))
            {
                await Task.WhenAny(_nextPull, Task.Delay(Every, time, waited.Token));
                await waited.CancelAsync();
            }

            stoppingToken.ThrowIfCancellationRequested();
            _nextPull = ledger.NextPull;
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (EngineException exception)
            {
                Log.NotNow(logger, exception.Message);
            }
        }
    }

    private long Limit => SizeText.TryParse(worker.Value.ImageCache, out var bytes) ? bytes : long.MaxValue;

    /// <summary>The operator may have given an image that a start pulled another name, or have had it before under one: no registry has
    /// that name, and it would go with the others.</summary>
    private bool IsKept(ImagesListResponse image)
    {
        var pulled = (image.RepoDigests ?? []).Select(digest => ImageReference.Parse(digest)?.Repository).ToHashSet();
        return (image.RepoTags ?? []).Select(ImageReference.Parse).Any(name => name is not null
            && (name.IsPlatforms || policy.Value.IsShared(name) || !pulled.Contains(name.Repository)));
    }

    /// <returns>False: a container uses it.</returns>
    private async Task<bool> RemoveAsync(ImagesListResponse image, CancellationToken cancellationToken)
    {
        var names = (image.RepoTags ?? []).Select(ImageReference.Parse).OfType<ImageReference>().Select(name => name.Name).ToList();
        foreach (var name in names is [] ? [image.ID] : names)
        {
            if (!await _images.RemoveAsync(name, cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    private async Task RemoveAbandonedAsync(IEnumerable<ImagesListResponse> images, CancellationToken cancellationToken)
    {
        var since = time.GetUtcNow() - Abandoned;
        foreach (var name in images.Where(image => new DateTimeOffset(image.Created.ToUniversalTime()) < since)
            .SelectMany(image => image.RepoTags ?? []).Where(CommitNames.IsPassing))
        {
            await _images.RemoveAsync(name, cancellationToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3043, LogLevel.Information, "Image {Image} of {Bytes} bytes was not used for longest and is removed")]
        public static partial void Evicted(ILogger logger, string image, long bytes);

        [LoggerMessage(3044, LogLevel.Debug, "The images of the engine cannot be looked at now: {Reason}")]
        public static partial void NotNow(ILogger logger, string reason);
    }
}
