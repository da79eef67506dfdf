using System.Text.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Files;

namespace Sandbox.Worker.Enrollment;

/// <summary>What a node learnt when it joined, in its data folder, for its user alone: a token is good once, and a node starts
/// often.</summary>
internal sealed class EnrollmentFile(string folder)
{
    private const string Name = "joined-cluster.json";

    public string Path { get; } = System.IO.Path.Combine(folder, Name);

    /// <summary>Null: it has not joined.</summary>
    /// <exception cref="EnrollmentException">It cannot be read.</exception>
    public ClusterCredentials? Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(Path), HeadJson.Default.ClusterCredentials);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new EnrollmentException(
                $"{Path} cannot be read ({exception.GetType().Name}). Remove it to join anew, with another JOIN_TOKEN.");
        }
    }

    /// <summary>Before the token is shown: where nothing can be written, it is not used up.</summary>
    /// <exception cref="EnrollmentException">Nothing can be written.</exception>
    public Place Prepare()
    {
        try
        {
            OwnerOnlyFile.EnsureFolder(folder);
            return new Place(Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new EnrollmentException($"{Path} cannot be written, so this node does not join: {exception.Message}");
        }
    }

    /// <summary>A file beside it, which takes its place whole.</summary>
    public sealed class Place : IDisposable
    {
        private readonly string _path;
        private readonly string _draft;
        private readonly FileStream _file;

        public Place(string path)
        {
            (_path, _draft) = (path, $"{path}.{Guid.NewGuid():N}");
            _file = OwnerOnlyFile.Create(_draft);
        }

        public void Keep(ClusterCredentials joined)
        {
            JsonSerializer.Serialize(_file, joined, HeadJson.Default.ClusterCredentials);
            _file.Flush(flushToDisk: true);
            File.Move(_draft, _path, overwrite: true);
        }

        public void Dispose()
        {
            _file.Dispose();
            File.Delete(_draft);
        }
    }
}
