namespace Sandbox.Contracts.Rock;

/// <summary>
/// What a caller asks for (ROCK contract, section 1.3). The first group are ROCK's fields with its defaults; the second
/// are ours, which ROCK clients never send. Unknown keys are ignored.
/// </summary>
public sealed record StartRequest
{
    public string Image { get; init; } = "";

    public string ImageOs { get; init; } = "linux";

    /// <summary>Whole minutes of idleness before a stop; null: the server's default (30).</summary>
    public int? AutoClearTimeMinutes { get; init; }

    /// <summary><c>never</c>, <c>always</c> or <c>missing</c>.</summary>
    public string Pull { get; init; } = "missing";

    /// <summary>For example <c>8g</c>, <c>512m</c>; without a unit bytes.</summary>
    public string Memory { get; init; } = "8g";

    public double Cpus { get; init; } = 2;

    public double? LimitCpus { get; init; }

    public string? SandboxId { get; init; }

    public string? RegistryUsername { get; init; }

    public string? RegistryPassword { get; init; }

    /// <summary>Seconds; clamped to the server's range.</summary>
    public double? StartupTimeout { get; init; }

    public bool UseKataRuntime { get; init; }

    public int? AutoArchiveSeconds { get; init; }

    public int? AutoDeleteSeconds { get; init; }

    /// <summary>Omitted: <c>50G</c>; explicit null: the server's default.</summary>
    public string? Disk { get; init; } = "50G";

    public double? NumGpus { get; init; }

    public string? AcceleratorType { get; init; }

    // ---- ours ----

    public IReadOnlyDictionary<string, string>? Env { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public IReadOnlyDictionary<string, string>? ExtendedParams { get; init; }

    /// <summary><c>bridge</c> (default) or <c>none</c>.</summary>
    public string? Network { get; init; }

    public bool Privileged { get; init; }

    public bool AllowPrivilegeGain { get; init; }

    public int? PidsLimit { get; init; }

    /// <summary>Extra engine arguments; only those on the server's allow-list.</summary>
    public IReadOnlyList<string>? DockerArgs { get; init; }

    /// <summary>Remove the image when the sandbox stops.</summary>
    public bool RemoveImage { get; init; }

    /// <summary>Seconds an agent waits for an owner before it ends its sandbox; null: 600.</summary>
    public double? AgentGraceSeconds { get; init; }

    /// <summary>An agent that already runs elsewhere; then nothing is started.</summary>
    public RemoteAgentRequest? Remote { get; init; }
}

/// <param name="Timeout">Seconds one probe may take.</param>
public sealed record RemoteAgentRequest(string Host, int Port, double Timeout = 0.15);
