namespace Sandbox.Testing.Clusters;

/// <summary>What a cluster of processes is made of.</summary>
public sealed record ClusterSetup
{
    public int Apis { get; init; } = 2;

    public int Workers { get; init; } = 3;

    /// <summary>Health services that choose the head among <see cref="HeadWhitelist"/>; 0: the lease alone does.</summary>
    public int Healths { get; init; }

    /// <summary>Workers that may be the head, first choice first.</summary>
    public string HeadWhitelist { get; init; } = "w1 w2";

    /// <summary>False: none, for the whole of its life.</summary>
    public bool HasRedis { get; init; } = true;

    /// <summary><c>docker</c> or <c>local</c>.</summary>
    public string Deployment { get; init; } = "docker";

    /// <summary>Address of the engine; empty: the machine's own.</summary>
    public string DockerHost { get; init; } = "";

    /// <summary>Where the logs of the processes are kept; empty: nowhere.</summary>
    public string LogFolder { get; init; } = "";

    /// <summary>More settings of one worker, by its name, once the stores run.</summary>
    public Func<ProcessCluster, string, (string Key, string Value)[]> OfWorker { get; init; } = (_, _) => [];

    /// <summary>More settings of every process, by their configuration keys.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();
}
