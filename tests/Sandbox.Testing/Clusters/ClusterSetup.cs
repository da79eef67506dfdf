namespace Sandbox.Testing.Clusters;

/// <summary>What a cluster of processes is made of.</summary>
public sealed record ClusterSetup
{
    public int Apis { get; init; } = 2;

    public int Workers { get; init; } = 3;

    /// <summary>False: none, for the whole of its life.</summary>
    public bool HasRedis { get; init; } = true;

    /// <summary><c>docker</c> or <c>local</c>.</summary>
    public string Deployment { get; init; } = "docker";

    /// <summary>Address of the engine; empty: the machine's own.</summary>
    public string DockerHost { get; init; } = "";

    /// <summary>More settings of every process, by their configuration keys.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
