using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Client.Contexts;

/// <summary>Small JSON files with secrets: readable by their user alone, and replaced as a whole. On Windows the rights of the folder
/// decide who reads them.</summary>
public static class PrivateFile
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Null: there is no such file.</summary>
    /// <exception cref="IOException">Other users can read it, or it is not what it should be.</exception>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            using var file = File.OpenRead(path);
            if (!OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(file.SafeFileHandle) & ~(Owner | UnixFileMode.UserExecute)) != 0)
            {
                throw new IOException($"{path} holds keys, and other users can read or write it: chmod 600 it, and replace the keys");
            }

            return JsonSerializer.Deserialize(file, type);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            // What it says quotes the file.
            throw new IOException($"{path} is not what it should be; remove it");
        }
    }

    public static void Write<T>(string path, T content, JsonTypeInfo<T> type)
    {
        var folder = Path.GetDirectoryName(path)!;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
            options.UnixCreateMode = Owner;
        }

        var draft = $"{path}.{Guid.NewGuid():N}";
        try
        {
            using (var file = new FileStream(draft, options))
            {
                JsonSerializer.Serialize(file, content, type);
            }

            File.Move(draft, path, overwrite: true);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }
}
