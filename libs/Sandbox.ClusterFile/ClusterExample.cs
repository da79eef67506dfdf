using Sandbox.ClusterFile.Compose;
using Sandbox.ClusterFile.Reading;
using Sandbox.Contracts.Files;

namespace Sandbox.ClusterFile;

/// <summary>The files that <c>sandbox cluster init</c> writes.</summary>
public static class ClusterExample
{
    public static string Read()
    {
        using var text = new StreamReader(typeof(ClusterExample).Assembly.GetManifestResourceStream("cluster.example.yaml")!);
        return text.ReadToEnd();
    }

    /// <summary>Writes the cluster file, its schema, and a <c>.env</c> with a random database password where there is none.</summary>
    /// <param name="path">Of the cluster file.</param>
    public static void Write(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        File.WriteAllText(path, Read());
        File.WriteAllText(Path.Combine(folder, ClusterSchema.Name), ClusterSchema.Write());

        // A password that is in use is never replaced: the database knows no other.
        var env = Path.Combine(folder, ClusterFileReader.EnvName);
        if (!File.Exists(env))
        {
            OwnerOnlyFile.Write(env, DotEnv.Write([new(Overrides.Prefix + "services__postgres__password", ClusterSecrets.Random())]));
        }
    }
}
