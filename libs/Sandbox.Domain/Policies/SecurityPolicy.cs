namespace Sandbox.Domain.Policies;

/// <summary>What a sandbox may be allowed beyond the unprivileged default. Bound from section <c>Security</c>.</summary>
public sealed class SecurityPolicy
{
    public const string Section = "Security";

    /// <summary>Lets a caller ask for <c>privileged</c>, which is root on the host. Default: no.</summary>
    public bool AllowPrivileged { get; set; }

    /// <summary>Lets a caller ask for <c>allow_privilege_gain</c> (sudo inside the sandbox). Default: yes.</summary>
    public bool AllowPrivilegeGain { get; set; } = true;

    /// <summary>The kata runtime is installed where sandboxes run. Default: no.</summary>
    public bool AllowKata { get; set; }

    /// <summary>Lets a caller name an agent that already runs elsewhere; this server then connects to whatever host
    /// and port he names. Default: no.</summary>
    public bool AllowRemote { get; set; }
}
