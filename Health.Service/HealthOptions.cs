using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Heads;

namespace Health.Service;

/// <summary>How the head is chosen. Bound from section <c>Health</c>, checked at start.</summary>
public sealed class HealthOptions
{
    public const string Section = "Health";

    /// <summary>The variable that nodes and service are told the whitelist by.</summary>
    public const string WhitelistKey = "HEAD_WHITELIST";

    /// <summary>Who may be the head, first choice first: entries <c>host[:port]</c>. Default: what <see cref="WhitelistKey"/>
    /// says.</summary>
    public string Whitelist { get; set; } = "";

    /// <summary>How long the head's lease lasts without a heartbeat; the head renews it at a quarter and stops itself at two
    /// thirds. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Folder for the lock that keeps a second instance of this user away while the lease is in memory; no other user may write
    /// there. Empty: <c>sandbox</c> in the user's folder for local data.</summary>
    public string LockFolder { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class HealthOptionsValidator : IValidateOptions<HealthOptions>;

/// <summary>What attributes cannot say.</summary>
internal sealed class HealthChecks : IValidateOptions<HealthOptions>
{
    public ValidateOptionsResult Validate(string? name, HealthOptions options) =>
        HeadWhitelist.TryParse(options.Whitelist, out _, out var problem)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{HealthOptions.WhitelistKey}: {problem}.");
}
