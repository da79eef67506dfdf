namespace Sandbox.Serving.Routing;

/// <summary>How requests are spread over the replicas of a model.</summary>
public sealed record RoutingOptions
{
    /// <summary>The most requests at one replica; more wait here, where they can still go elsewhere.</summary>
    public int MostOutstanding { get; init; } = 256;

    /// <summary>The most requests that wait for a replica.</summary>
    public int MostWaiting { get; init; } = 1024;

    /// <summary>How long a request waits for a replica.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>By how many requests a replica may be ahead of the least busy one and still get what it has seen before. Beyond that,
    /// its cache saves less time than the others lose.</summary>
    public int AffinitySlack { get; init; } = 8;

    /// <summary>How many bytes of a prompt's beginning decide where it goes.</summary>
    public int PrefixBytes { get; init; } = 1024;

    /// <summary>After how many failures in a row a replica gets no requests. A connection that is refused is enough by itself.</summary>
    public int FailuresToEject { get; init; } = 3;

    /// <summary>How long it gets none; doubled for each ejection that follows without a success.</summary>
    public TimeSpan EjectionTime { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestEjection { get; init; } = TimeSpan.FromSeconds(30);
}
