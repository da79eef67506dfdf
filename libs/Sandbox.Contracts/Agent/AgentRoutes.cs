namespace Sandbox.Contracts.Agent;

/// <summary>
/// The agent's HTTP routes, served on the connections that it dialled to its owner. Three APIs over one core:
/// its own (<c>/agent</c>), ROCK's (<c>/rock</c>) and E2B's envd (<c>/envd</c>).
/// </summary>
public static class AgentRoutes
{
    /// <summary>GET: <see cref="AgentStatus"/>.</summary>
    public const string Status = "/agent/status";

    /// <summary>POST <see cref="AgentInit"/>: idempotent; the last one counts. Answers <see cref="AgentStatus"/>.</summary>
    public const string Init = "/agent/init";

    /// <summary>POST, no body: ends all sessions and processes, then the agent itself (and so its container).</summary>
    public const string Shutdown = "/agent/shutdown";

    /// <summary>Prefix of ROCK's agent routes (<c>/rock/execute</c> …).</summary>
    public const string Rock = "/rock";

    /// <summary>Prefix of the envd protocol (<c>/envd/process.Process/Start</c>, <c>/envd/files</c> …).</summary>
    public const string Envd = "/envd";

    /// <summary>Where an image finds the agent's file; mounted read-only.</summary>
    public const string BinaryFolderInSandbox = "/.sandbox/bin";

    public const string BinaryName = "sandbox-agent";

    /// <summary>Where a sandbox finds its owner's socket; the folder is mounted read-only.</summary>
    public const string SocketFolderInSandbox = "/.sandbox/run";

    public const string SocketName = "s";

    /// <summary>First word of the one line that an agent sends on each TCP connection it dials, before any HTTP:
    /// <c>sandbox-agent/1 TOKEN\n</c>. On a Unix socket nothing is sent.</summary>
    public const string TcpHello = "sandbox-agent/1";

    /// <summary>Request header with the token, demanded of the caller of an agent that listens (Remote deployment).
    /// <c>Authorization</c> stays free for the user name of the envd protocol.</summary>
    public const string TokenHeader = "Sandbox-Agent-Token";
}
