using System.Formats.Tar;
using System.IO.Pipelines;

namespace Sandbox.Deployments.Docker;

/// <summary>A folder with a Dockerfile as the tar stream that an engine builds from, without what <c>.dockerignore</c> names.</summary>
internal sealed class BuildContext(string folder)
{
    public const string Dockerfile = "Dockerfile";
    private const string IgnoreFile = ".dockerignore";

    private readonly string _root = Path.GetFullPath(folder);

    /// <summary>Null when it can be built from, else why not.</summary>
    public string? WhyUnusable =>
        !Directory.Exists(_root) ? $"{folder} is not a folder"
        : !File.Exists(Path.Combine(_root, Dockerfile)) ? $"{folder} has no {Dockerfile}"
        : null;

    /// <summary>Why the stream broke off, when it did.</summary>
    public string? Failure { get; private set; }

    /// <summary>The stream is written while it is read: a context of any size takes no memory.</summary>
    public Stream Open(CancellationToken cancellationToken)
    {
        var pipe = new Pipe();
        _ = FillAsync(pipe.Writer, cancellationToken);
        return pipe.Reader.AsStream();
    }

    private async Task FillAsync(PipeWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            await using var tar = new TarWriter(writer.AsStream(leaveOpen: true), TarEntryFormat.Pax);
            foreach (var (path, name) in Entries())
            {
                await tar.WriteEntryAsync(path, name, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            Failure = exception.Message;
            await writer.CompleteAsync(exception);
            return;
        }

        await writer.CompleteAsync();
    }

    private IEnumerable<(string Path, string Name)> Entries()
    {
        var file = Path.Combine(_root, IgnoreFile);
        var ignore = new DockerIgnore(File.Exists(file) ? File.ReadLines(file) : []);
        return Below(new DirectoryInfo(_root))
            .Select(entry =>
                (Path: entry.FullName, Name: Path.GetRelativePath(_root, entry.FullName).Replace(Path.DirectorySeparatorChar, '/')))
            .Where(entry => entry.Name is Dockerfile or IgnoreFile || !ignore.Excludes(entry.Name));
    }

    private static IEnumerable<FileSystemInfo> Below(DirectoryInfo folder)
    {
        var all = new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };
        foreach (var entry in folder.EnumerateFileSystemInfos("*", all).OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            yield return entry;

            // A link is sent as a link and never followed: it may point out of the context.
            if (entry is DirectoryInfo { LinkTarget: null } below)
            {
                foreach (var deeper in Below(below))
                {
                    yield return deeper;
                }
            }
        }
    }
}
