namespace Sandbox.ClusterFile.Hosts;

/// <summary>A file with secrets that only its owner reads.</summary>
public static class OwnerOnlyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes it anew; one that others could read is replaced.</summary>
    public static void Write(string path, string text)
    {
        if (File.Exists(path))
        {
            File.SetUnixFileMode(path, OwnerOnly); // the mode below is for a file that is made now
        }

        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
