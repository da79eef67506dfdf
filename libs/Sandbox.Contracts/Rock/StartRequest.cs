namespace Sandbox.Contracts.Rock;

/// <summary>
/// What a caller asks for. The first group are ROCK's fields with its defaults; the second
/// are ours, which ROCK clients never send. Unknown keys are ignored.
/// </summary>
public sealed record StartRequest
{
    public string Image { get; set; } = "";

    public string ImageOs { get; set; } = "linux";

    /// <summary>Whole minutes of idleness before a stop; null: the server's default (30).</summary>
    public int? AutoClearTimeMinutes { get; set; }

    /// <summary><c>never</c>, <c>always</c> or <c>missing</c>.</summary>
    public string Pull { get; set; } = "missing";

    /// <summary>For example <c>8g</c>, <c>512m</c>; without a unit bytes.</summary>
    public string Memory { get; set; } = "8g";

    public double Cpus { get; set; } = 2;

    public double? LimitCpus { get; set; }

    public string? SandboxId { get; set; }

    public string? RegistryUsername { get; set; }

    public string? RegistryPassword { get; set; }

    /// <summary>Seconds; clamped to the server's range.</summary>
    public double? StartupTimeout { get; set; }

    public bool UseKataRuntime { get; set; }

    public int? AutoArchiveSeconds { get; set; }

    public int? AutoDeleteSeconds { get; set; }

    /// <summary>Omitted: <c>50G</c>; explicit null: the server's default.</summary>
    public string? Disk { get; set; } = "50G";

    public double? NumGpus { get; set; }

    public string? AcceleratorType { get; set; }

    // ---- ours ----

    public IReadOnlyDictionary<string, string>? Env { get; set; }

    public IReadOnlyDictionary<string, string>? Metadata { get; set; }

    public IReadOnlyDictionary<string, string>? ExtendedParams { get; set; }

    /// <summary><c>bridge</c> (default) or <c>none</c>.</summary>
    public string? Network { get; set; }

    /// <summary>What it may reach of the network; null: all that the server lets sandboxes reach.</summary>
    public EgressMessage? Egress { get; set; }

    public bool Privileged { get; set; }

    public bool AllowPrivilegeGain { get; set; }

    public int? PidsLimit { get; set; }

    /// <summary>Extra engine arguments; only those on the server's allow-list.</summary>
    public IReadOnlyList<string>? DockerArgs { get; set; }

    /// <summary>Remove the image when the sandbox stops.</summary>
    public bool RemoveImage { get; set; }

    /// <summary>Seconds an agent waits for an owner before it ends its sandbox; null: 600.</summary>
    public double? AgentGraceSeconds { get; set; }

    /// <summary>An agent that already runs elsewhere; then nothing is started.</summary>
    public RemoteAgentRequest? Remote { get; set; }
}

/// <param name="Timeout">Seconds one probe may take.</param>
public sealed record RemoteAgentRequest(string Host, int Port, double Timeout = 0.15);
