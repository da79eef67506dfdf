using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>What a sandbox may be allowed beyond the unprivileged default. Bound from section <c>Security</c>, by the API that takes a
/// request and by each node that starts what a record says: a record that was not written by the API is held to the node's own
/// policy.</summary>
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

    /// <summary>Why this configuration is not allowed; null: it is.</summary>
    public SandboxError.Forbidden? WhyForbidden(SandboxSpec spec) =>
        spec.Privileged && !AllowPrivileged ? Not("privileged sandboxes")
        : spec.AllowPrivilegeGain && !AllowPrivilegeGain ? Not("sandboxes that may gain privileges")
        : spec.UseKata && !AllowKata ? Not("sandboxes of the kata runtime")
        : spec.Remote is not null && !AllowRemote ? Not("sandboxes at a remote agent (Security:AllowRemote)")
        : null;

    private static SandboxError.Forbidden Not(string what) => new($"This server does not allow {what}.");
}
