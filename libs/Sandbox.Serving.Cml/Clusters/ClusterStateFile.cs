using System.Text.Json;
using Sandbox.Serving.Cml.Rest;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>The file with the state of a cluster. One process at a time changes it; any may read.</summary>
/// <param name="path">Its folder is made where it is missing.</param>
public sealed class ClusterStateFile(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Null: no cluster was started, or it was stopped.</summary>
    /// <exception cref="CmlException">The file is not of that form.</exception>
    public CmlClusterState? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path), ClusterJson.Default.CmlClusterState);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw new CmlException(CmlError.Refused, $"{Path} holds no state of a cluster: {exception.Message}", exception);
        }
    }

    /// <summary>Whole or not at all. Only the holder of the lock writes.</summary>
    internal void Write(CmlClusterState state)
    {
        var fresh = Path + ".new";
        File.Delete(fresh);
        using (var file = new FileStream(
            fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            JsonSerializer.Serialize(file, state, ClusterJson.Default.CmlClusterState);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, Path, overwrite: true);
    }

    internal void Delete() => File.Delete(Path);

    /// <summary>The right to change the cluster; another process that asks for it meanwhile is refused.</summary>
    /// <exception cref="CmlException">Another process changes it now.</exception>
    internal IDisposable Lock()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        try
        {
            return new FileStream(
                Path + ".lock",
                new FileStreamOptions
                {
                    Mode = FileMode.OpenOrCreate,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    UnixCreateMode = OwnerOnly,
                });
        }
        catch (IOException exception)
        {
            throw new CmlException(CmlError.Refused, $"another process changes the cluster of {Path} now", exception);
        }
    }
}
