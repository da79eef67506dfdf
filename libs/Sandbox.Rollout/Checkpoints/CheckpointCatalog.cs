using System.Collections.Immutable;

namespace Sandbox.Rollout.Checkpoints;

/// <summary>The six checkpoints, in the order in which a rollout passes them.</summary>
public static class CheckpointCatalog
{
    public static ImmutableArray<Checkpoint> All { get; } =
    [
        new(1, "prerequisites-check", "Check that each machine can take its part: system, resources, clock, network."),
        new(2, "docker-installation", "Install and configure Docker on each machine and bring the images.")
        {
            RequiresApproval = true,
            Impact =
            [
                "Installs Docker from the distribution's packages where it is missing",
                "Writes the Docker daemon's configuration and restarts the daemon when it changed",
                "Adds the deployment's user to the docker group",
                "Copies or pulls the images of the cluster",
            ],
        },
        new(3, "cleanup-existing", "Remove what an earlier rollout left: what carries our labels or lies at our paths.")
        {
            RequiresApproval = true,
            IsDestructive = true,
            Impact =
            [
                "Ends this cluster's programs outside of containers whose process ids are recorded in /run/sandbox-cluster/ID",
                "Stops and removes all containers that carry this cluster's label",
                "Removes all networks and volumes that carry it, with what is in the volumes",
                "Deletes /etc/sandbox-cluster/ID, /var/lib/sandbox-cluster/ID and /run/sandbox-cluster/ID of this cluster",
            ],
        },
        new(4, "cluster-deployment", "Start Health.Service, the head, then the workers."),
        new(5, "monitoring-deployment", "Start Prometheus, Grafana, node exporter and container metrics."),
        new(6, "final-validation", "Use a sandbox on each machine, ask each endpoint, write the report."),
    ];

    /// <summary>Other names that people know a checkpoint by.</summary>
    private static readonly Dictionary<string, string> Aliases = new() { ["ray-deployment"] = "cluster-deployment" };

    /// <summary>Null when there is none of that name.</summary>
    public static Checkpoint? Find(string name)
    {
        var known = Aliases.GetValueOrDefault(name, name);
        return All.FirstOrDefault(checkpoint => checkpoint.Name == known);
    }
}
