using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

// Members are set, not init: the JSON generator gives init members that a body leaves out no default of ours but null.

// ROCK's data plane. The same bodies travel client → API and API → agent; the agent
// ignores sandbox_id. Names on the wire are snake_case. Times in seconds.

public sealed record ExecRequest
{
    public string? SandboxId { get; set; }

    /// <summary>A string or an array of strings.</summary>
    public JsonElement Command { get; set; }

    public double? Timeout { get; set; } = 1200;

    public bool Shell { get; set; }

    public bool Check { get; set; }

    public string ErrorMsg { get; set; } = "";

    public IReadOnlyDictionary<string, string>? Env { get; set; }

    public string? Cwd { get; set; }

    public string SessionType { get; set; } = "bash";
}

/// <param name="ExitCode">−1 when the command could not run or timed out; then <paramref name="Stderr"/> says why.</param>
public sealed record ExecResult(string Stdout, string Stderr, int? ExitCode);

public sealed record CreateSessionRequest
{
    public string? SandboxId { get; set; }

    public string Session { get; set; } = "default";

    public string SessionType { get; set; } = "bash";

    public IReadOnlyList<string> StartupSource { get; set; } = [];

    public bool EnvEnable { get; set; }

    public IReadOnlyDictionary<string, string>? Env { get; set; }

    public string? RemoteUser { get; set; }

    public double StartupTimeout { get; set; } = 1.0;

    public int MaxReadSize { get; set; } = 2000;
}

public sealed record CreateSessionResult(string Output, string SessionType = "bash");

public sealed record BashAction
{
    public string? SandboxId { get; set; }

    public string Command { get; set; } = "";

    public string Session { get; set; } = "default";

    public string ActionType { get; set; } = "bash";

    /// <summary>Null: no limit.</summary>
    public double? Timeout { get; set; }

    /// <summary><c>silent</c>, <c>raise</c> or <c>ignore</c>.</summary>
    public string Check { get; set; } = "raise";

    public bool IsInteractiveCommand { get; set; }

    public bool IsInteractiveQuit { get; set; }

    public string ErrorMsg { get; set; } = "";

    public IReadOnlyList<string> Expect { get; set; } = [];
}

public sealed record Observation
{
    public string SessionType { get; set; } = "bash";

    public string Output { get; set; } = "";

    /// <summary>Null when it was not asked for (<c>check: ignore</c>); then it is left out, because clients reject null.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? ExitCode { get; set; }

    public string FailureReason { get; set; } = "";

    public string ExpectString { get; set; } = "";
}

public sealed record CloseSessionRequest
{
    public string? SandboxId { get; set; }

    public string Session { get; set; } = "default";

    public string SessionType { get; set; } = "bash";
}

public sealed record CloseSessionResult(string SessionType = "bash");

public sealed record ReadFileRequest
{
    public string? SandboxId { get; set; }

    public string Path { get; set; } = "";

    public string? Encoding { get; set; }

    /// <summary>Python's codec error names: strict (default), ignore, replace, backslashreplace.</summary>
    public string? Errors { get; set; }
}

public sealed record ReadFileResult(string Content);

public sealed record WriteFileRequest
{
    public string? SandboxId { get; set; }

    public string Path { get; set; } = "";

    public string Content { get; set; } = "";
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
