using System.Formats.Tar;
using System.IO.Pipelines;
using Docker.DotNet.Models;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Specs;
using Sandbox.Storage.Archives;

namespace Sandbox.Deployments.Archives;

/// <summary>Archives in a registry: the image of an incarnation is a tag of one repository, and its log the only file of another tag. The
/// engine pushes and pulls them; only what it cannot do, to remove a tag, is asked of the registry itself.</summary>
internal sealed class RegistryArchive(EngineConnection engine, ArchiveOptions options)
{
    private readonly EngineImages _images = new(engine);
    private readonly EngineArchives _archives = new(engine);

    /// <summary>Whether something of that name lies in a registry. What was put away stays where it is when the configuration
    /// changes.</summary>
    public static bool IsPlace(string location) => ImageReference.Parse(location) is { Digest: not null };

    /// <summary>Pushes an image of the engine's.</summary>
    /// <returns>Where it is, with the digest by which it is pulled, so that nothing else is ever taken for it.</returns>
    public async Task<string> PushAsync(string image, IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var name = NameOf(incarnation.ToString());
        await _archives.TagAsync(image, name, cancellationToken);
        return await PushAsync(name, cancellationToken);
    }

    /// <param name="log">Compressed; from its beginning.</param>
    public async Task PushLogAsync(FileStream log, IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var name = NameOf(LogTag(incarnation));
        var pipe = new Pipe();
        var packing = PackAsync(log, pipe.Writer, cancellationToken);
        try
        {
            await _archives.ImportAsync(pipe.Reader.AsStream(), name, cancellationToken);
        }
        finally
        {
            await pipe.Reader.CompleteAsync();
            await packing;
        }

        await PushAsync(name, cancellationToken);
    }

    public async Task PullAsync(string location, IProgress<JSONMessage> progress, CancellationToken cancellationToken) =>
        await _images.PullAsync(
            ImageReference.Parse(location)!, platform: null, Credentials(ImageReference.Parse(location)!), progress, cancellationToken);

    /// <summary>What is not there is removed.</summary>
    public async Task DiscardAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        using var tags = new RegistryTags(options);
        await tags.RemoveAsync(incarnation.ToString(), cancellationToken);
        await tags.RemoveAsync(LogTag(incarnation), cancellationToken);
    }

    private static string LogTag(IncarnationId incarnation) => $"{incarnation}-log";

    private static async Task PackAsync(FileStream log, PipeWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            log.Position = 0;
            await using (var tar = new TarWriter(writer.AsStream(leaveOpen: true), TarEntryFormat.Pax, leaveOpen: true))
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "log.gz") { DataStream = log }, cancellationToken);
            }

            await writer.CompleteAsync();
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The reader is told, and tells why.
            await writer.CompleteAsync(exception);
        }
    }

    private async Task<string> PushAsync(ImageReference name, CancellationToken cancellationToken)
    {
        try
        {
            await _archives.PushAsync(name, Credentials(name), cancellationToken);
            var pushed = await _images.FindAsync(name, cancellationToken);
            return pushed?.RepoDigests?.FirstOrDefault(digest => ImageReference.Parse(digest)?.Repository == name.Repository)
                ?? throw new ArchiveException($"the engine does not say as what {name} was pushed");
        }
        finally
        {
            await _images.RemoveAsync(name.Name, CancellationToken.None);
        }
    }

    private ImageReference NameOf(string tag) => ImageReference.Parse($"{options.Repository}:{tag}")
        ?? throw new ArchiveException($"'{options.Repository}' (setting Archive:Repository) is no repository of a registry");

    /// <summary>For the configured registry, and for no other that an old archive may lie in.</summary>
    private AuthConfig? Credentials(ImageReference name) =>
        options.User.Length > 0 && name.Registry == ImageReference.Parse(options.Repository)?.Registry
        ? new AuthConfig { Username = options.User, Password = options.Password, ServerAddress = name.Registry }
        : null;
}
