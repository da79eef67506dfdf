using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Agent;

/// <summary>What an owner tells the agent once it is connected, and again after it adopted it.</summary>
public sealed record AgentInit
{
    public required string SandboxId { get; init; }

    public required string Incarnation { get; init; }

    /// <summary>Environment of every process, under that of the request that starts it.</summary>
    public IReadOnlyDictionary<string, string> Env { get; set; } = new Dictionary<string, string>();

    /// <summary>Seconds without any owner after which the agent ends its sandbox.</summary>
    public required double GraceSeconds { get; init; }

    /// <summary>CPU and memory limits of the sandbox for the statistics (0: unknown).</summary>
    public double Cpus { get; set; }

    public long MemoryBytes { get; set; }

    /// <summary>The token that an agent which listens demands from now on, in the place of the one that it was started with; null: no other
    /// one.</summary>
    public string? Token { get; set; }
}

/// <summary>What the agent knows of itself.</summary>
public sealed record AgentStatus
{
    public required string Version { get; init; }

    public required int Pid { get; init; }

    /// <summary>Empty before the first <see cref="AgentInit"/>.</summary>
    public string SandboxId { get; set; } = "";

    /// <summary>Calls (data plane only) being served now.</summary>
    public required int CallsInFlight { get; init; }

    /// <summary>Milliseconds since the last data-plane call ended or a process wrote output.</summary>
    public required long IdleMilliseconds { get; init; }

    public required int Processes { get; init; }

    public required int Sessions { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AgentInit))]
[JsonSerializable(typeof(AgentStatus))]
public sealed partial class AgentJson : JsonSerializerContext;
