using Sandbox.Contracts.Files;

namespace Sandbox.ClusterFile.Compose;

/// <summary>A cluster as a folder: its compose text, and the cluster file with the settings and secrets that it was made from.</summary>
public static class PublishedCluster
{
    /// <summary>The same text as <c>sandbox cluster generate</c> writes for the same cluster file.</summary>
    public const string ComposeName = "docker-compose.yaml";

    /// <summary>Writes the folder. Without a cluster file it is made from the one that lies there, or from a new one as
    /// <c>sandbox cluster init</c> writes it.</summary>
    /// <param name="file">Path of a cluster file; null: none is named.</param>
    /// <param name="folder">Where to; made where it is missing.</param>
    /// <returns>Path of the compose text. What it mounts (secrets, the agent) is put there by <c>sandbox cluster up</c>.</returns>
    /// <exception cref="ClusterFileException">With everything that is wrong with the cluster file.</exception>
    public static async Task<string> WriteAsync(string? file, string folder, TimeProvider time, CancellationToken cancellationToken)
    {
        var own = Path.Combine(folder, ClusterFileReader.Name);
        if (file is null && !File.Exists(own))
        {
            ClusterExample.Write(own);
        }

        var source = Path.GetFullPath(file ?? own);
        var plan = await ClusterPlans.ReadAsync(source, time, cancellationToken);
        if (source != Path.GetFullPath(own))
        {
            Copy(source, own);
        }

        var compose = Path.Combine(folder, ComposeName);
        OwnerOnlyFile.Write(compose, ComposeText.Write(MainCluster.Make(plan)));
        return compose;
    }

    private static void Copy(string source, string own)
    {
        var (from, to) = (Path.GetDirectoryName(source)!, Path.GetDirectoryName(Path.GetFullPath(own))!);
        OwnerOnlyFile.EnsureFolder(Path.Combine(to, ClusterPlans.StateFolder));
        File.Copy(source, own, overwrite: true);
        File.WriteAllText(Path.Combine(to, ClusterSchema.Name), ClusterSchema.Write());
        OwnerOnlyFile.Write(
            Path.Combine(to, ClusterFileReader.EnvName),
            ClusterFileReader.OverridesInEffect(source, ClusterFileReader.EnvironmentOfProcess()));
        var secrets = Path.Combine(ClusterPlans.StateFolder, ClusterPlans.SecretsFile);
        OwnerOnlyFile.Write(Path.Combine(to, secrets), File.ReadAllText(Path.Combine(from, secrets)));
    }
}
