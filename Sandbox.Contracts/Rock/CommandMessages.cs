using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

// The data plane of the ROCK contract (section 1.3). The same bodies travel client → API and API → agent; the agent
// ignores sandbox_id. Names on the wire are snake_case. Times in seconds.

public sealed record ExecRequest
{
    public string? SandboxId { get; init; }

    /// <summary>A string or an array of strings.</summary>
    public JsonElement Command { get; init; }

    public double? Timeout { get; init; } = 1200;

    public bool Shell { get; init; }

    public bool Check { get; init; }

    public string ErrorMsg { get; init; } = "";

    public IReadOnlyDictionary<string, string>? Env { get; init; }

    public string? Cwd { get; init; }

    public string SessionType { get; init; } = "bash";
}

/// <param name="ExitCode">−1 when the command could not run or timed out; then <paramref name="Stderr"/> says why.</param>
public sealed record ExecResult(string Stdout, string Stderr, int? ExitCode);

public sealed record CreateSessionRequest
{
    public string? SandboxId { get; init; }

    public string Session { get; init; } = "default";

    public string SessionType { get; init; } = "bash";

    public IReadOnlyList<string> StartupSource { get; init; } = [];

    public bool EnvEnable { get; init; }

    public IReadOnlyDictionary<string, string>? Env { get; init; }

    public string? RemoteUser { get; init; }

    public double StartupTimeout { get; init; } = 1.0;

    public int MaxReadSize { get; init; } = 2000;
}

public sealed record CreateSessionResult(string Output, string SessionType = "bash");

public sealed record BashAction
{
    public string? SandboxId { get; init; }

    public string Command { get; init; } = "";

    public string Session { get; init; } = "default";

    public string ActionType { get; init; } = "bash";

    /// <summary>Null: no limit.</summary>
    public double? Timeout { get; init; }

    /// <summary><c>silent</c>, <c>raise</c> or <c>ignore</c>.</summary>
    public string Check { get; init; } = "raise";

    public bool IsInteractiveCommand { get; init; }

    public bool IsInteractiveQuit { get; init; }

    public string ErrorMsg { get; init; } = "";

    public IReadOnlyList<string> Expect { get; init; } = [];
}

public sealed record Observation
{
    public string SessionType { get; init; } = "bash";

    public string Output { get; init; } = "";

    /// <summary>Null when nobody asked for it (<c>check: ignore</c>); then it is left out, because clients reject null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExitCode { get; init; }

    public string FailureReason { get; init; } = "";

    public string ExpectString { get; init; } = "";
}

public sealed record CloseSessionRequest
{
    public string? SandboxId { get; init; }

    public string Session { get; init; } = "default";

    public string SessionType { get; init; } = "bash";
}

public sealed record CloseSessionResult(string SessionType = "bash");

public sealed record ReadFileRequest
{
    public string? SandboxId { get; init; }

    public string Path { get; init; } = "";

    public string? Encoding { get; init; }

    /// <summary>Python's codec error names: strict (default), ignore, replace, backslashreplace.</summary>
    public string? Errors { get; init; }
}

public sealed record ReadFileResult(string Content);

public sealed record WriteFileRequest
{
    public string? SandboxId { get; init; }

    public string Path { get; init; } = "";

    public string Content { get; init; } = "";
}

public sealed record WriteFileResult(bool Success, string Message);

public sealed record UploadResult(bool Success, string Message, string FileName);

/// <summary>Percents of the sandbox's limits; <paramref name="Net"/> is cumulative bytes.</summary>
public sealed record Statistics(
    [property: JsonConverter(typeof(FloatJson))] double Cpu,
    [property: JsonConverter(typeof(FloatJson))] double Mem,
    [property: JsonConverter(typeof(FloatJson))] double Disk,
    [property: JsonConverter(typeof(FloatJson))] double DiskLogPercent,
    [property: JsonConverter(typeof(FloatJson))] double DiskDindPercent,
    long Net);

/// <summary>The agent's failures travel as HTTP 511 with this body.</summary>
public sealed record AgentFailure(AgentFailureDetail Rockletexception);

public sealed record AgentFailureDetail(
    string Message, string ClassPath, string Traceback, IReadOnlyDictionary<string, string> ExtraInfo);
