using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>What a sandbox may be allowed beyond the unprivileged default. Bound from section <c>Security</c> and checked at start, by the
/// API that takes a request and by each node that starts what a record says: a record that was not written by the API is held to the
/// node's own policy.</summary>
public sealed class SecurityPolicy : IValidatableObject
{
    public const string Section = "Security";

    private const string Required = "required";

    /// <summary>Lets a caller ask for <c>privileged</c>, which is root on the host. Default: no.</summary>
    public bool AllowPrivileged { get; set; }

    /// <summary>Lets a caller ask for <c>allow_privilege_gain</c> (sudo inside the sandbox). Default: yes.</summary>
    public bool AllowPrivilegeGain { get; set; } = true;

    /// <summary>The kata runtime is installed where sandboxes run. Default: no.</summary>
    public bool AllowKata { get; set; }

    /// <summary>Hosts (<c>agents.example</c>, or with a port <c>10.0.0.5:8000</c>) of agents that already run elsewhere: a caller may name
    /// one of these, and this server then connects there. Default: none.</summary>
    public IReadOnlyList<string> AllowedRemoteHosts { get; set; } = [];

    /// <summary><c>required</c>: a sandbox whose network cannot be kept apart (from other sandboxes, its machine, private addresses) is
    /// not started. <c>preferred</c>: it is, and its status says what is in effect. Default: preferred.</summary>
    [RegularExpression("required|preferred")]
    public string Network { get; set; } = "preferred";

    /// <summary>Lets sandboxes reach private IPv4 addresses (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10,
    /// 198.18.0.0/15). Default: no.</summary>
    public bool AllowPrivateNetworks { get; set; }

    /// <summary>IPv4 networks (<c>10.1.2.0/24</c>, <c>10.1.2.3/32</c>) that sandboxes may reach although they are private or the
    /// machine's own. Link-local addresses and other sandboxes stay out of reach. Default: none.</summary>
    public IReadOnlyList<string> AllowedNetworks { get; set; } = [];

    /// <summary>IPv4 networks that sandboxes may not reach, beside the private ones. Default: none.</summary>
    public IReadOnlyList<string> DeniedNetworks { get; set; } = [];

    /// <summary><c>required</c>: a sandbox without a disk limit, or whose limit cannot be enforced where it is started, is not started.
    /// <c>preferred</c>: it is, and its status says what is in effect. Default: preferred.</summary>
    [RegularExpression("required|preferred")]
    public string Disk { get; set; } = "preferred";

    /// <summary>Why this configuration is not allowed; null: it is.</summary>
    public SandboxError.Forbidden? WhyForbidden(SandboxSpec spec) =>
        spec.Privileged && !AllowPrivileged ? Not("privileged sandboxes")
        : spec.AllowPrivilegeGain && !AllowPrivilegeGain ? Not("sandboxes that may gain privileges")
        : spec.UseKata && !AllowKata ? Not("sandboxes of the kata runtime")
        : spec.Remote is { } remote && !Allows(remote) ? Not("sandboxes at this remote agent (Security:AllowedRemoteHosts)")
        : Disk is Required && spec.DiskBytes is null ? Not("sandboxes without a disk limit (Security:Disk)")
        : null;

    /// <summary>Why a sandbox that is started must not stay so; null: it may.</summary>
    /// <param name="effectiveDiskBytes">The disk limit that is enforced; null: none.</param>
    public SandboxError.Forbidden? WhyForbidden(long? effectiveDiskBytes) => Disk is Required && effectiveDiskBytes is null
        ? new($"{Section}:{nameof(Disk)} is '{Required}', and the disk limit of a sandbox cannot be enforced here: that needs overlay2 on "
            + "XFS with project quotas")
        : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        AllowedNetworks.Select(network => (nameof(AllowedNetworks), network))
            .Concat(DeniedNetworks.Select(network => (nameof(DeniedNetworks), network)))
            .Where(entry => !IsIPv4Network(entry.network))
            .Select(entry => new ValidationResult(
                $"'{entry.network}' in {entry.Item1} is no IPv4 network such as 10.1.2.0/24.", [entry.Item1]))
            .Concat(AllowedRemoteHosts.Where(host => host.Length == 0 || !Uri.TryCreate($"agent://{host}/", UriKind.Absolute, out var uri)
                    || !uri.Authority.Equals(host, StringComparison.OrdinalIgnoreCase))
                .Select(host => new ValidationResult(
                    $"'{host}' in {nameof(AllowedRemoteHosts)} is no host such as agents.example or 10.0.0.5:8000.",
                    [nameof(AllowedRemoteHosts)])));

    private bool Allows(RemoteAgent remote) =>
        Uri.TryCreate(remote.Host, UriKind.Absolute, out var uri)
        && (string[])[uri.Host, $"{uri.Host}:{remote.Port}"] is var names
        && AllowedRemoteHosts.Any(allowed => names.Contains(allowed, StringComparer.OrdinalIgnoreCase));

    private static SandboxError.Forbidden Not(string what) => new($"This server does not allow {what}.");

    private static bool IsIPv4Network(string text) =>
        IPNetwork.TryParse(text, out var network) && network.BaseAddress.AddressFamily is AddressFamily.InterNetwork;
}
