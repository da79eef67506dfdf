using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

// The control plane of the ROCK contract (section 1.3). Names on the wire are snake_case, their order is that of the
// records. A member that the TypeScript client's schema rejects as null (section 7.2) is left out instead.

/// <summary>Answer of start, start_async and restart.</summary>
public sealed record StartResult
{
    public int? Code { get; init; }

    public int? ExitCode { get; init; }

    public string? FailureReason { get; init; }

    public string? SandboxId { get; init; }

    public string? HostName { get; init; }

    public string? HostIp { get; init; }

    [JsonConverter(typeof(FloatJson))]
    public double? Cpus { get; init; }

    public string? Memory { get; init; }

    public string? Disk { get; init; }

    public string? DiskLimitRootfs { get; init; }
}

public sealed record IsAliveResult(bool IsAlive, string Message);

/// <summary>Body of stop, delete and restart.</summary>
public sealed record SandboxIdRequest(string SandboxId);

public sealed record BatchRequest(IReadOnlyList<string> SandboxIds);

/// <summary>Answer of <c>POST /sandboxes/batch</c>; ids that are unknown or no longer live are missing.</summary>
public sealed record BatchResult
{
    public int? Code { get; init; }

    public int? ExitCode { get; init; }

    public string? FailureReason { get; init; }

    public IReadOnlyList<StatusResult>? Statuses { get; init; }
}

/// <summary>Answer of <c>GET /sandboxes</c>: one page of what is pending or running.</summary>
public sealed record ListResult
{
    public int? Code { get; init; }

    public int? ExitCode { get; init; }

    public string? FailureReason { get; init; }

    public IReadOnlyList<ListItem> Items { get; init; } = [];

    public long Total { get; init; }

    public bool HasMore { get; init; }
}
