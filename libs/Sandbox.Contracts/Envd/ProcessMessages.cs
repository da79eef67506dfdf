using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Envd;

// process.Process of the envd protocol in its JSON form. Bytes are base64; absent = default.

public sealed record ProcessConfig
{
    public string Cmd { get; set; } = "";

    public IReadOnlyList<string> Args { get; set; } = [];

    public IReadOnlyDictionary<string, string> Envs { get; set; } = new Dictionary<string, string>();

    public string? Cwd { get; set; }
}

public sealed record PtySize(uint Cols, uint Rows);

public sealed record Pty(PtySize? Size);

/// <summary>By process id or by tag.</summary>
public sealed record ProcessSelector(uint? Pid = null, string? Tag = null);

public sealed record StartRequest
{
    public ProcessConfig? Process { get; set; }

    public Pty? Pty { get; set; }

    public string? Tag { get; set; }

    /// <summary>Absent: standard input is open; false: it is /dev/null.</summary>
    public bool? Stdin { get; set; }

    /// <summary>Ours: what happens when the last reader leaves, <c>keep</c> (default) or <c>kill</c>.</summary>
    public string? OnDisconnect { get; set; }
}

public sealed record ConnectRequest
{
    public ProcessSelector? Process { get; set; }

    /// <summary>Ours: send the buffered output first (default false, as envd).</summary>
    public bool? Replay { get; set; }
}

/// <summary>Both StartResponse and ConnectResponse.</summary>
public sealed record ProcessMessage(ProcessEvent Event);

/// <summary>Exactly one of the members is set.</summary>
public sealed record ProcessEvent
{
    public ProcessStarted? Start { get; set; }

    public ProcessData? Data { get; set; }

    public ProcessEnded? End { get; set; }

    public Keepalive? Keepalive { get; set; }
}

public sealed record ProcessStarted(uint Pid);

/// <summary>Exactly one of the members is set.</summary>
public sealed record ProcessData
{
    public byte[]? Stdout { get; set; }

    public byte[]? Stderr { get; set; }

    public byte[]? Pty { get; set; }
}

/// <param name="ExitCode">−1 when a signal ended it.</param>
/// <param name="Exited">False when a signal ended it.</param>
/// <param name="Status"><c>exit status N</c> or <c>signal: killed</c>.</param>
public sealed record ProcessEnded(int ExitCode, bool Exited, string Status, string? Error = null);

public sealed record Keepalive;

public sealed record ListRequest;

public sealed record ListResponse(IReadOnlyList<ProcessInfo> Processes);

public sealed record ProcessInfo(ProcessConfig Config, uint Pid, string? Tag);

public sealed record UpdateRequest(ProcessSelector? Process, Pty? Pty);

public sealed record SendInputRequest(ProcessSelector? Process, ProcessInput? Input);

public sealed record ProcessInput(byte[]? Stdin = null, byte[]? Pty = null);

public sealed record SendSignalRequest(ProcessSelector? Process, ProcessSignal Signal);

/// <summary>SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are ours; envd has the other two.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ProcessSignal>))]
public enum ProcessSignal
{
    SIGNAL_UNSPECIFIED = 0,
    SIGNAL_SIGHUP = 1,
    SIGNAL_SIGINT = 2,
    SIGNAL_SIGQUIT = 3,
    SIGNAL_SIGKILL = 9,
    SIGNAL_SIGUSR1 = 10,
    SIGNAL_SIGUSR2 = 12,
    SIGNAL_SIGTERM = 15,
}

public sealed record CloseStdinRequest(ProcessSelector? Process);

public sealed record Nothing;

/// <summary>A Connect error: <c>not_found</c>, <c>invalid_argument</c>, …</summary>
public sealed record ConnectError(string Code, string Message);

/// <summary>The last envelope of a stream.</summary>
public sealed record EndOfStream(ConnectError? Error = null);
