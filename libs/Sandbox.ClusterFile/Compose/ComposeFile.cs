using Sandbox.ClusterFile.Rules;

namespace Sandbox.ClusterFile.Compose;

/// <summary>Containers, networks and volumes as they are to be: written as compose text, or brought about through the engine.</summary>
public sealed record ComposeFile(
    string Project, IReadOnlyList<ComposeService> Services, IReadOnlyList<ComposeNetwork> Networks, IReadOnlyList<ComposeVolume> Volumes)
{
    public ComposeService? Find(string service) => Services.FirstOrDefault(one => one.Name == service);
}

/// <param name="Name">The engine's name of it.</param>
public sealed record ComposeNetwork(string Key, string Name, string Subnet);

/// <param name="Name">The engine's name of it.</param>
public sealed record ComposeVolume(string Key, string Name);

public sealed record ComposeService
{
    public required string Name { get; init; }

    public required string ContainerName { get; init; }

    public required string Hostname { get; init; }

    public required string Image { get; init; }

    public ComposeBuild? Build { get; init; }

    /// <summary><c>uid:gid</c>; null: the image's own.</summary>
    public string? User { get; init; }

    /// <summary>Groups of the host that its user is in, too: that of the engine's socket.</summary>
    public IReadOnlyList<string> GroupAdd { get; init; } = [];

    /// <summary>Empty: the image's own.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>Empty: the image's own.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<ComposePort> Ports { get; init; } = [];

    /// <summary>Addresses of the host that each of its ports is published at; empty: all.</summary>
    public IReadOnlyList<string> PublishAddresses { get; init; } = [];

    public IReadOnlyList<ComposeMount> Mounts { get; init; } = [];

    /// <summary>Secrets by the names of their files in <see cref="SecretFolder"/>; a mount leads there.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>Where a container has its secrets.</summary>
    public const string SecretFolder = "/run/sandbox-secrets";

    /// <summary>Nothing is written but in its mounts and in a /tmp of its own in memory.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Most processes and threads of the container.</summary>
    public int PidsLimit { get; init; } = 2048;

    /// <summary>Key of its network.</summary>
    public required string Network { get; init; }

    /// <summary>Lines <c>name:address</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    public IReadOnlyList<ComposeDependency> DependsOn { get; init; } = [];

    public ComposeHealthCheck? HealthCheck { get; init; }

    /// <summary>CPUs; null: no limit.</summary>
    public double? LimitCpus { get; init; }

    /// <summary>For example 4g; null: no limit.</summary>
    public string? LimitMemory { get; init; }

    public long? LimitMemoryBytes => LimitMemory is { } memory ? MemoryAttribute.Bytes(memory) : null;

    /// <summary>Started again by the engine when it ends by itself.</summary>
    public bool Restarts { get; init; }

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>What people open; null: nothing.</summary>
    public string? Url { get; init; }

    /// <summary>For people: node, store, …</summary>
    public string Kind { get; init; } = "";
}

public sealed record ComposeBuild(string Context, string Dockerfile, string? Target);

/// <param name="Host">Port of the host.</param>
public sealed record ComposePort(int Host, int Container);

/// <param name="Source">Absolute path, or the key of a volume.</param>
public sealed record ComposeMount(string Source, string Target, bool ReadOnly = false)
{
    public bool IsVolume => !Source.StartsWith('/');
}

/// <param name="UntilHealthy">False: until it was started.</param>
public sealed record ComposeDependency(string Service, bool UntilHealthy);

/// <param name="Test">A program and its arguments.</param>
public sealed record ComposeHealthCheck(
    IReadOnlyList<string> Test, TimeSpan Interval, TimeSpan Timeout, int Retries, TimeSpan StartPeriod);
