using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Files;

namespace Sandbox.Client.Contexts;

/// <summary>Small JSON files with secrets, for their user alone.</summary>
public static class PrivateFile
{
    /// <summary>Null: there is no such file.</summary>
    /// <exception cref="IOException">Other users can read it, or it is not what it should be.</exception>
    public static T? Read<T>(string path, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            using var file = File.OpenRead(path);
            if (OwnerOnlyFile.IsOpenToOthers(file.SafeFileHandle))
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
        OwnerOnlyFile.EnsureFolder(Path.GetDirectoryName(path)!);
        OwnerOnlyFile.Write(path, file => JsonSerializer.Serialize(file, content, type));
    }
}
