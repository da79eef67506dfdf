using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

// ROCK's control plane. Names on the wire are snake_case, their order is that of the
// records. A member that the TypeScript client's schema rejects as null (section 7.2) is left out instead.

/// <summary>Answer of start, start_async and restart.</summary>
public sealed record StartResult
{
    public int? Code { get; set; }

    public int? ExitCode { get; set; }

    public string? FailureReason { get; set; }

    public string? SandboxId { get; set; }

    public string? HostName { get; set; }

    public string? HostIp { get; set; }

    [JsonConverter(typeof(FloatJson))]
    public double? Cpus { get; set; }

    public string? Memory { get; set; }

    public string? Disk { get; set; }

    public string? DiskLimitRootfs { get; set; }
}

public sealed record IsAliveResult(bool IsAlive, string Message);

/// <summary>Body of stop, delete and restart.</summary>
public sealed record SandboxIdRequest(string SandboxId);

public sealed record BatchRequest(IReadOnlyList<string> SandboxIds);

/// <summary>Answer of <c>POST /sandboxes/batch</c>; ids that are unknown or no longer live are missing.</summary>
public sealed record BatchResult
{
    public int? Code { get; set; }

    public int? ExitCode { get; set; }

    public string? FailureReason { get; set; }

    public IReadOnlyList<StatusResult>? Statuses { get; set; }
}

/// <summary>Answer of <c>GET /sandboxes</c>: one page of what is pending or running.</summary>
public sealed record ListResult
{
    public int? Code { get; set; }

    public int? ExitCode { get; set; }

    public string? FailureReason { get; set; }

    public IReadOnlyList<ListItem> Items { get; set; } = [];

    public long Total { get; set; }

    public bool HasMore { get; set; }
}
