namespace Sandbox.Testing;

/// <summary>A short-pathed folder of a test's own, removed with all it holds.</summary>
public sealed class TempFolder : IDisposable
{
    private const int Attempts = 100;

    public string Path { get; } = Directory.CreateTempSubdirectory("sbt").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>A process that is just ending may still write into it.</summary>
    public void Dispose()
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
                return;
            }
            catch (IOException) when (attempt < Attempts && Directory.Exists(Path))
            {
                Thread.Yield();
            }
        }
    }
}
