using System.Formats.Tar;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Docker.DotNet.Models;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Archives;

/// <summary>Makes an image of a container on its own engine, for an archive or under a name of a caller's. For an archive it is exact
/// where this machine can (<see cref="ExactLayer"/>), else as the engine commits it.</summary>
internal sealed class StagingImage(
    EngineConnection engine, ArchiveFiles files, ArchiveSpace space, IHostTools tools, TimeProvider time)
{
    /// <summary>A million entries whose paths have 500 bytes; more are not one archive's business.</summary>
    private const long LongestListing = 512L << 20;

    /// <summary>What is too large, in words.</summary>
    internal const string TheImage = "the image";

    private readonly EngineImages _images = new(engine);
    private readonly EngineArchives _archives = new(engine);
    private readonly ExactLayer _layer = new(tools);

    /// <returns>Whether everything is in it.</returns>
    public async Task<bool> MakeAsync(
        ContainerInspectResponse container, IncarnationId incarnation, long limit, CancellationToken cancellationToken)
    {
        // Where the engine maps users, the owners that its folders show are not those that an image has.
        if (FolderOf(container) is { } upper
            && (await engine.FactsAsync(cancellationToken)).ContainerRoot is null
            && await _images.FindAsync(container.Image, cancellationToken) is { RootFS.Layers: { } below } image
            && await TryMakeExactAsync(image, below, upper, incarnation, limit, cancellationToken))
        {
            return true;
        }

        return await _archives.CommitAsync(
            container.ID, ImageReference.Parse(ArchiveFiles.ImageTag(incarnation))!, pause: false, like: null, cancellationToken)
            ? false
            : throw new ArchiveException("its container was removed while it was archived");
    }

    /// <summary>Makes an image of a container, running or not, that says of itself what the image says that the container came
    /// from.</summary>
    /// <param name="raw">A name for the image as the engine commits it, which has the container's configuration.</param>
    /// <param name="limit">Bytes that what the container has changed may have.</param>
    /// <returns>False when the container is gone.</returns>
    public async Task<bool> CommitAsync(
        ContainerInspectResponse container, ImageReference raw, ImageReference name, long limit, CancellationToken cancellationToken)
    {
        if (FolderOf(container) is { } upper)
        {
            await using var listing = files.Open();
            await CheckAsync(
                await _layer.ReadAsync(upper, listing, OfListing, Stream.Null, Stream.Null, cancellationToken), limit, cancellationToken);
        }

        var origin = await _images.FindAsync(container.Image, cancellationToken)
            ?? throw new ArchiveException("the image that it came from is gone");
        try
        {
            if (!await _archives.CommitAsync(container.ID, raw, pause: true, origin, cancellationToken))
            {
                return false;
            }

            var layers = (await _images.FindAsync(raw, cancellationToken))?.RootFS?.Layers
                ?? throw new ArchiveException("its image was removed while it was committed");
            try
            {
                await LoadAsync(ConfigOf(origin, [.. layers]), layers.Count, [], name.Name, cancellationToken);
            }
            catch (EngineException refused) when (!refused.Unreachable)
            {
                // An engine that keeps its images in containerd wants the layers that it has, too.
                await _archives.TagAsync(raw.Name, name, cancellationToken);
            }

            return true;
        }
        finally
        {
            await _images.RemoveAsync(raw.Name, CancellationToken.None);
        }
    }

    /// <returns>False when the folder does not mean what it shows.</returns>
    private async Task<bool> TryMakeExactAsync(
        ImageInspectResponse image, IList<string> below, string upper, IncarnationId incarnation, long limit,
        CancellationToken cancellationToken)
    {
        await using var listing = files.Open();
        await using var names = files.Open();
        await using var removals = files.Open();
        await using var content = files.Open();
        List<(FileStream File, string Digest)> layers = [];
        using (var hashed = new HashingStream(removals, space.OfData(TheImage, limit)))
        {
            var summary = await _layer.ReadAsync(upper, listing, OfListing, names, hashed, cancellationToken);
            await CheckAsync(summary, limit, cancellationToken);
            space.OfData(TheImage, limit).Check(summary.DiskBytes);
            if (!summary.MeansWhatItShows)
            {
                return false;
            }

            if (summary.HasRemovals)
            {
                layers.Add((removals, hashed.TakeDigest()));
            }
        }

        await using (var sparse = new SparseStream(content))
        using (var hashed = new HashingStream(sparse, ByteLimit.Of(TheImage, limit)))
        {
            await _layer.WriteContentAsync(upper, names, hashed, cancellationToken);
            layers.Add((content, hashed.TakeDigest()));
        }

        var config = ConfigOf(image, [.. below, .. layers.Select(layer => layer.Digest)]);
        await LoadAsync(config, below.Count, layers, ArchiveFiles.ImageTag(incarnation), cancellationToken);
        return true;
    }

    private ByteLimit OfListing => space.OfData("the list of its files", LongestListing);

    /// <summary>The folder of what a container has changed; null where it cannot be read here.</summary>
    private static string? FolderOf(ContainerInspectResponse container) =>
        container.GraphDriver?.Data is { } data && data.TryGetValue("UpperDir", out var folder)
            && ExactLayer.CanRead(container.GraphDriver.Name, folder) ? folder : null;

    /// <summary>Before anything large is written, by us or by the engine, which fills the holes of files.</summary>
    /// <exception cref="ArchiveException">There is too much of it.</exception>
    private async Task CheckAsync(LayerSummary changes, long limit, CancellationToken cancellationToken)
    {
        if (changes.Bytes > limit)
        {
            throw new ArchiveException(
                $"{ByteLimit.Of(TheImage, limit).Exceeded}: what it has changed takes {changes.Bytes} bytes, and {changes.DiskBytes} "
                    + "without the holes in its files");
        }

        (await space.OfEngineAsync(TheImage, limit, cancellationToken)).Check(changes.Bytes);
    }

    private async Task LoadAsync(
        byte[] config, int below, List<(FileStream File, string Digest)> layers, string name, CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = WriteAsync(pipe.Writer, config, below, layers, name, ended.Token);
        try
        {
            await _archives.LoadAsync(pipe.Reader.AsStream(), cancellationToken);
        }
        finally
        {
            await ended.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await writing;
        }
    }

    /// <summary>An archive of images as engines load it. The layers below are there already: their files are not looked for.</summary>
    private static async Task WriteAsync(
        PipeWriter writer, byte[] config, int below, List<(FileStream File, string Digest)> layers, string tag,
        CancellationToken cancellationToken)
    {
        try
        {
            await using (var tar = new TarWriter(writer.AsStream(leaveOpen: true), TarEntryFormat.Pax, leaveOpen: true))
            {
                var name = $"{Convert.ToHexStringLower(SHA256.HashData(config))}.json";
                var manifest = new JsonArray(new JsonObject
                {
                    ["Config"] = name,
                    ["RepoTags"] = new JsonArray(tag),
                    ["Layers"] = new JsonArray([.. Enumerable.Range(0, below + layers.Count).Select(i => (JsonNode)$"{i}/layer.tar")]),
                });
                await AddAsync(tar, name, new MemoryStream(config), cancellationToken);
                await AddAsync(tar, "manifest.json", new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest)), cancellationToken);
                for (var i = 0; i < layers.Count; i++)
                {
                    layers[i].File.Position = 0;
                    await AddAsync(tar, $"{below + i}/layer.tar", layers[i].File, cancellationToken);
                }
            }

            await writer.CompleteAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The reader is told, and tells why.
            await writer.CompleteAsync(exception);
        }
    }

    private static ValueTask AddAsync(TarWriter tar, string name, Stream content, CancellationToken cancellationToken) =>
        new(tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content }, cancellationToken));

    /// <summary>Of the image that the container was made from, so that it says the same of itself.</summary>
    private byte[] ConfigOf(ImageInspectResponse image, IReadOnlyList<string> layers)
    {
        var now = time.GetUtcNow();
        var config = image.Config;
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            architecture = image.Architecture,
            os = image.Os,
            created = now,
            config = new
            {
                config?.User,
                config?.Env,
                config?.Entrypoint,
                config?.Cmd,
                config?.WorkingDir,
                Labels = config?.Labels?.Where(label => !ContainerLabels.All.Contains(label.Key)).ToDictionary(),
                config?.ExposedPorts,
                config?.Volumes,
                config?.OnBuild,
                config?.StopSignal,
                config?.Shell,
            },
            rootfs = new { type = "layers", diff_ids = layers },
            history = layers.Select(_ => new { created = now, created_by = "sandbox archive" }),
        });
    }
}
