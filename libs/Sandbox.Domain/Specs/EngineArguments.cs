namespace Sandbox.Domain.Specs;

/// <summary>
/// The extra engine arguments that a caller may give (<c>docker_args</c>), typed. What is not here cannot be asked for:
/// nothing of it reaches the host's files, devices, namespaces or other containers.
/// </summary>
public sealed record EngineArguments
{
    public static EngineArguments None { get; } = new();

    /// <summary><c>--shm-size</c>: size of <c>/dev/shm</c>, bytes.</summary>
    public long? ShmBytes { get; init; }

    /// <summary><c>--ulimit name=soft[:hard]</c>.</summary>
    public IReadOnlyList<EngineUlimit> Ulimits { get; init; } = [];

    /// <summary><c>--tmpfs /path[:options]</c>: options by path.</summary>
    public IReadOnlyDictionary<string, string> Tmpfs { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--sysctl name=value</c>: only those that a container has for itself.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary><c>--dns</c>.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    /// <summary><c>--dns-search</c>.</summary>
    public IReadOnlyList<string> DnsSearch { get; init; } = [];

    /// <summary><c>--add-host name:address</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    /// <summary><c>--hostname</c>.</summary>
    public string? Hostname { get; init; }

    /// <summary><c>--cpuset-cpus</c>.</summary>
    public string? CpusetCpus { get; init; }

    /// <summary><c>--platform os/arch</c>.</summary>
    public string? Platform { get; init; }

    /// <summary><c>--read-only</c>: the root file system is read-only.</summary>
    public bool ReadOnlyRoot { get; init; }
}

/// <param name="Soft">-1: no limit.</param>
/// <param name="Hard">-1: no limit.</param>
public sealed record EngineUlimit(string Name, long Soft, long Hard);
