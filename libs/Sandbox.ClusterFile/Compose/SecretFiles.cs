using Sandbox.ClusterFile.Hosts;
using Sandbox.Contracts.Files;

namespace Sandbox.ClusterFile.Compose;

/// <summary>The secrets of each service as files of its own, which its container alone mounts: the environment of a container is shown to
/// everybody who may look at containers.</summary>
public static class SecretFiles
{
    /// <summary>Of the image's own service user, which containers run as where root started them.</summary>
    public const string ServiceUser = "1654:1654";

    /// <summary>Writes those that are missing or other than they were.</summary>
    public static async Task WriteAsync(ComposeFile compose, ClusterPlan plan, CancellationToken cancellationToken)
    {
        foreach (var service in compose.Services.Where(service => service.Secrets.Count > 0))
        {
            var folder = plan.SecretsOf(service.Name);
            OwnerOnlyFile.EnsureFolder(folder);
            var changed = service.Secrets.Where(secret => !Has(Path.Combine(folder, secret.Key), secret.Value)).ToList();
            changed.ForEach(secret => OwnerOnlyFile.Write(Path.Combine(folder, secret.Key), secret.Value));
            if (changed.Count > 0 && plan.Machine.User is null)
            {
                await HostPrograms.RunAsync("chown", ["-R", ServiceUser, folder], cancellationToken);
            }
        }
    }

    private static bool Has(string file, string text) => File.Exists(file) && File.ReadAllText(file) == text;
}
