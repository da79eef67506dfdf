using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cluster;

/// <summary>What a worker serves on its internal port, to the other processes of its cluster only.</summary>
public static class NodeApiRoutes
{
    /// <summary><c>/v1/agents/{sandboxId}/{incarnation}/…</c>: goes on to that agent as it is, and comes back as it is.</summary>
    public const string Agents = "/v1/agents";

    /// <summary><c>GET /v1/activity/{sandboxId}/{incarnation}</c>: <see cref="SandboxActivity"/>.</summary>
    public const string Activity = "/v1/activity";

    /// <summary><c>GET /v1/sandbox-logs/{sandboxId}/{incarnation}?follow&amp;tail&amp;since</c>: what the main process of that sandbox has
    /// written, as text.</summary>
    public const string SandboxLogs = "/v1/sandbox-logs";

    /// <summary><c>POST /v1/sandbox-egress/{sandboxId}/{incarnation}</c>: puts in effect what the record says that this sandbox may
    /// reach; 204 when it is.</summary>
    public const string SandboxEgress = "/v1/sandbox-egress";

    /// <summary>GET: the last lines that the worker logged, as text.</summary>
    public const string Logs = "/v1/logs";

    /// <summary>GET: <see cref="NodeUsageSample"/>.</summary>
    public const string Use = "/v1/use";

    /// <summary>GET: <see cref="NodeDiagnostics"/>.</summary>
    public const string Diagnostics = "/v1/diagnostics";

    /// <summary>GET: <see cref="NodeMaintenanceReport"/>. POST with a <see cref="MaintenanceOrder"/>:
    /// <see cref="MaintenanceRun"/>.</summary>
    public const string Maintenance = "/v1/maintenance";

    /// <summary>GET: 204 from a worker that lives.</summary>
    public const string Ping = "/v1/ping";

    /// <summary>Header of an answer that is the worker's own and not the agent's; its value says why.</summary>
    public const string OwnAnswer = "Sandbox-Road";

    /// <summary>The request is not signed by a process of this cluster for this one, or has come before.</summary>
    public const string Denied = "denied";

    /// <summary>The request was signed before this process of the worker began: nothing was done, and it is signed and sent
    /// again.</summary>
    public const string Stale = "stale";

    /// <summary>The worker is being ended and takes no new call; its next life will.</summary>
    public const string Leaving = "leaving";

    /// <summary>No such incarnation runs on this node: the caller reads the record again.</summary>
    public const string NotHere = "not-here";

    /// <summary>It runs here, but its agent does not answer; the body says why.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>What was asked for cannot be done where this sandbox runs; the body says why.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>Nothing of that is kept here; the body says why.</summary>
    public const string NoLog = "no-log";

    public static string ToSandboxLog(SandboxId sandbox, IncarnationId incarnation) => $"{SandboxLogs}/{sandbox}/{incarnation}";

    public static string ToSandboxEgress(SandboxId sandbox, IncarnationId incarnation) => $"{SandboxEgress}/{sandbox}/{incarnation}";

    public static string ToAgent(SandboxId sandbox, IncarnationId incarnation) => $"{Agents}/{sandbox}/{incarnation}";

    public static string ToActivity(SandboxId sandbox, IncarnationId incarnation) => $"{Activity}/{sandbox}/{incarnation}";
}
