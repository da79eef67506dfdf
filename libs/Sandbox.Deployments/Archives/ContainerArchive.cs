using System.IO.Compression;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Storage.Archives;

namespace Sandbox.Deployments.Archives;

/// <summary>Containers into the archive store and images out of it. Every step may be repeated: names follow from the
/// incarnation, and a file in the store is replaced whole.</summary>
internal sealed class ContainerArchive(
    EngineConnection engine, ArchiveSpace space, StagingImage staging, IArchiveStore store, FailureReporter failures,
    IOptions<ArchiveOptions> options, IOptions<WorkerOptions> worker)
{
    private const CompressionLevel Level = CompressionLevel.Fastest;

    private readonly EngineContainers _containers = new(engine);
    private readonly EngineImages _images = new(engine);
    private readonly EngineArchives _archives = new(engine);
    private readonly RegistryArchive _registry = new(engine, options.Value);

    public FailureReporter Failures => failures;

    /// <summary>What a caller is told of an archive or a restore that failed.</summary>
    public static string WhyFailed(IPhaseReporter phases, Exception exception) => exception is ArchiveException
        ? exception.Message : phases.Describe("the engine or the store of archives failed", exception);

    /// <summary>Puts the files of a stopped container away.</summary>
    public async Task<ArchiveFacts> PutImageAsync(SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        await phases.ReportAsync(SandboxPhase.ImageArchive, PhaseStatus.Running, "waiting for this node's archives", cancellationToken);
        using var entered = await space.EnterArchiveAsync(cancellationToken);
        await phases.ReportAsync(SandboxPhase.ImageArchive, PhaseStatus.Running, "making the image", cancellationToken);
        var container = await _containers.FindAsync(ContainerName.Of(sandbox.Incarnation, worker.Value), cancellationToken)
            ?? throw new ArchiveException("its container is gone, and its files with it");
        if (container.Mounts?.FirstOrDefault(mount => mount.Type is "volume") is { } volume)
        {
            throw new ArchiveException($"it has a volume at {volume.Destination}, whose files an image does not have");
        }

        var tag = ArchiveFiles.ImageTag(sandbox.Incarnation);
        try
        {
            var exact = await staging.MakeAsync(container, sandbox.Incarnation, Limit(options.Value.MaxImage), cancellationToken);
            var image = await _images.FindAsync(tag, cancellationToken)
                ?? throw new ArchiveException("its image was removed while it was archived");
            var facts =
                await (options.Value.IsRegistry ? PushImageAsync(image, sandbox, phases, cancellationToken)
                    : PutImageAsync(image, sandbox, phases, cancellationToken));
            await phases.ReportAsync(SandboxPhase.ImageArchive, PhaseStatus.Success, exact ? "archived" : Inexact, cancellationToken);
            return facts;
        }
        finally
        {
            await _images.RemoveAsync(tag, CancellationToken.None);
        }
    }

    /// <summary>Puts what the container has written to its log beside the image.</summary>
    public async Task PutLogAsync(SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        await phases.ReportAsync(SandboxPhase.LogArchive, PhaseStatus.Running, "storing the log", cancellationToken);
        await using var file = space.OpenFile();
        await PackAsync(file, space.OfData("the log", Limit(options.Value.MaxLog)), target =>
            _archives.CopyLogAsync(ContainerName.Of(sandbox.Incarnation, worker.Value), target, cancellationToken));
        await (options.Value.IsRegistry
            ? _registry.PushLogAsync(file, sandbox.Incarnation, cancellationToken)
            : store.PutAsync(ArchiveFiles.LogKey(sandbox.Id, sandbox.Incarnation), file, cancellationToken));
        await phases.ReportAsync(SandboxPhase.LogArchive, PhaseStatus.Success, "archived", cancellationToken);
    }

    /// <summary>Brings the image back to this engine, if every byte of it is what was put away.</summary>
    public async Task LoadImageAsync(ArchiveFacts archive, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        if (await _images.FindAsync(archive.ImageId, cancellationToken) is not null)
        {
            return;
        }

        await phases.ReportAsync(SandboxPhase.ImagePull, PhaseStatus.Running, "waiting for this node's restores", cancellationToken);
        using var entered = await space.EnterRestoreAsync(cancellationToken);
        (await space.OfEngineAsync(StagingImage.TheImage, long.MaxValue, cancellationToken)).Check(archive.UnpackedBytes ?? archive.Bytes);
        await phases.ReportAsync(
            SandboxPhase.ImagePull, PhaseStatus.Running, $"fetching {archive.Bytes} bytes from the archive", cancellationToken);
        await (RegistryArchive.IsPlace(archive.Location)
            ? _registry.PullAsync(archive.Location, new PullProgress(), cancellationToken)
            : UnpackAsync(archive, phases, cancellationToken));
        if (await _images.FindAsync(archive.ImageId, cancellationToken) is null)
        {
            throw new ArchiveException($"its archive has another image than {archive.ImageId}");
        }
    }

    private async Task UnpackAsync(ArchiveFacts archive, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        await using var file = space.OpenFile();
        using (var hashed = new HashingStream(file, space.OfData("what the archive has", archive.Bytes)))
        {
            if (!await store.TryGetAsync(archive.Location, hashed, cancellationToken))
            {
                throw new ArchiveException($"its archive {archive.Location} is gone");
            }

            if (hashed.TakeDigest() is var digest && digest != archive.Digest)
            {
                throw new ArchiveException(
                    $"the bytes of its archive {archive.Location} have changed: they are {digest}, and {archive.Digest} was put away");
            }
        }

        file.Position = 0;
        await phases.ReportAsync(SandboxPhase.ImagePull, PhaseStatus.Running, "unpacking the image", cancellationToken);
        await _archives.LoadAsync(file, cancellationToken);
    }

    /// <summary>The image goes with its container; one that no container uses goes now.</summary>
    public async Task ForgetImageAsync(ArchiveFacts archive) => await _images.RemoveAsync(archive.ImageId, CancellationToken.None);

    /// <summary>Removes what an incarnation has in the store.</summary>
    public async Task DiscardAsync(SandboxId sandbox, IncarnationId incarnation, CancellationToken cancellationToken)
    {
        if (options.Value.IsRegistry)
        {
            await _registry.DiscardAsync(incarnation, cancellationToken);
            return;
        }

        await store.DeleteAsync(ArchiveFiles.ImageKey(sandbox, incarnation), cancellationToken);
        await store.DeleteAsync(ArchiveFiles.LogKey(sandbox, incarnation), cancellationToken);
    }

    private async Task<ArchiveFacts> PutImageAsync(
        ImageInspectResponse image, SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        await using var file = space.OpenFile();
        await phases.ReportAsync(SandboxPhase.ImageArchive, PhaseStatus.Running, "packing the image", cancellationToken);
        var (digest, bytes) = await PackAsync(
            file, space.OfData(StagingImage.TheImage, Limit(options.Value.MaxImage)), target =>
                _archives.SaveAsync(ArchiveFiles.ImageTag(sandbox.Incarnation), target, cancellationToken));
        await phases.ReportAsync(SandboxPhase.ImageArchive, PhaseStatus.Running, $"storing {bytes} bytes", cancellationToken);
        var key = ArchiveFiles.ImageKey(sandbox.Id, sandbox.Incarnation);
        await store.PutAsync(key, file, cancellationToken);
        return new ArchiveFacts(sandbox.Incarnation, key, digest, bytes, image.ID) { UnpackedBytes = image.Size };
    }

    private async Task<ArchiveFacts> PushImageAsync(
        ImageInspectResponse image, SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        ByteLimit.Of(StagingImage.TheImage, Limit(options.Value.MaxImage)).Check(image.Size);
        await phases.ReportAsync(SandboxPhase.ImageArchive, PhaseStatus.Running, $"pushing {image.Size} bytes", cancellationToken);
        var location = await _registry.PushAsync(ArchiveFiles.ImageTag(sandbox.Incarnation), sandbox.Incarnation, cancellationToken);
        return new ArchiveFacts(
            sandbox.Incarnation, location, location[(location.IndexOf('@', StringComparison.Ordinal) + 1)..], image.Size, image.ID)
        { UnpackedBytes = image.Size };
    }

    private const string Inexact =
        "archived as the engine commits it: extended attributes but security.capability and fractions of seconds are lost";

    private static long Limit(string size) => SizeText.TryParse(size, out var bytes) ? bytes : long.MaxValue;

    private static async Task<(string Digest, long Bytes)> PackAsync(FileStream file, ByteLimit limit, Func<Stream, Task> write)
    {
        using var hashed = new HashingStream(file, limit);
        await using (var packed = new GZipStream(hashed, Level, leaveOpen: true))
        {
            await write(packed);
        }

        await file.FlushAsync();
        return (hashed.TakeDigest(), hashed.Count);
    }
}
