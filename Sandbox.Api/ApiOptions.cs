using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Sandbox.Api;

/// <summary>The public HTTP API. Bound from section <c>Api</c>, checked at start.</summary>
public sealed class ApiOptions
{
    public const string Section = "Api";

    /// <summary>File with one API key a line: the key itself, or <c>sha256:</c> and the 64 hexadecimal digits of its hash.
    /// Empty lines and lines that begin with # do not count. Empty: none.</summary>
    public string KeyFile { get; set; } = "";

    /// <summary>SHA-256 hashes of API keys, 64 hexadecimal digits each.</summary>
    public IList<string> KeyHashes { get; } = [];

    /// <summary>SHA-256 hash of a key, 64 hexadecimal digits, that is good for everything and whose being there asks no key of other
    /// callers: the one that a standalone server leaves in its data folder. Empty: none.</summary>
    public string OwnerKeyHash { get; set; } = "";

    /// <summary>Addresses and networks (<c>10.0.0.7</c>, <c>10.0.0.0/24</c>) of proxies before this server, whose <c>X-Forwarded-For</c>
    /// and <c>X-Forwarded-Proto</c> are believed. Default: none, and these headers say nothing.</summary>
    public IReadOnlyList<string> TrustedProxies { get; set; } = [];

    /// <summary>How long <c>start</c> waits for the sandbox before it answers that it is still starting.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan StartWait { get; set; } = TimeSpan.FromSeconds(85);

    /// <summary>Largest JSON body that is accepted, bytes; for one with the content of a file see <see cref="MaxFileBody"/>.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxJsonBody { get; set; } = 2 * 1024 * 1024;

    /// <summary>Largest JSON body of <c>write_file</c>, bytes. What is larger goes by <c>upload</c>, which has no limit.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxFileBody { get; set; } = 48 * 1024 * 1024;

    /// <summary>Bytes of bodies and answers that this process holds at once, those of each tenant at most half of it. A request that finds
    /// no room waits for it, and is answered 503 after 5 s. No body is larger than such a share.</summary>
    [Range(1024 * 1024, 1L << 40)]
    public long MaxBuffered { get; set; } = 96L * 1024 * 1024;

    /// <summary>Largest content of one enveloped answer from inside a sandbox, bytes before it was written as JSON.</summary>
    [Range(1024, 256 * 1024 * 1024)]
    public int MaxAgentAnswer { get; set; } = 16 * 1024 * 1024;

    /// <summary>Requests of one tenant that are answered at the same time, streams not counted; more are answered 429.</summary>
    [Range(1, int.MaxValue)]
    public int MaxRequestsPerTenant { get; set; } = 8192;

    /// <summary>Streams of one tenant that are open at the same time: calls of envd, tunnels, logs, events and uploads. More are answered
    /// 429.</summary>
    [Range(1, int.MaxValue)]
    public int MaxStreamsPerTenant { get; set; } = 8192;

    /// <summary>Requests of one tenant in a second, on the average of ten; more are answered 429.</summary>
    [Range(1, 100_000_000)]
    public int MaxRequestsPerSecond { get; set; } = 10_000;

    /// <summary>API keys from one address that are none, in a minute: then keys from there that were not seen of late are answered 429. All
    /// callers behind one proxy have its address.</summary>
    [Range(1, 1_000_000)]
    public int MaxWrongKeysPerMinute { get; set; } = 600;

    /// <summary>Whether pages that sandboxes serve through the proxy run in the API's own origin, where their scripts can do what the
    /// reader of the page may. Default: they get an origin of their own (<c>Content-Security-Policy: sandbox</c>).</summary>
    public bool ProxiedPagesShareOrigin { get; set; }

    /// <summary>File with the base64 of 32 bytes: the key under which the <c>X-Key</c> of a start is kept with its sandbox
    /// (<c>rock_authorization_encrypted</c>), as <c>aes_encrypt_key</c> of ROCK. Empty: it is not kept.</summary>
    public string AuthorizationKeyFile { get; set; } = "";

    /// <summary>Who may archive over ROCK's route: SHA-256 hashes (64 hexadecimal digits) of what callers send as <c>X-Key</c>. Default:
    /// everyone.</summary>
    public IReadOnlyList<string> ArchiveKeyHashes { get; set; } = [];

    /// <summary>The image of the environment that EnvHub has before any is registered. Empty:
    /// <c>ROCK_ENVHUB_DEFAULT_DOCKER_IMAGE</c>, then <c>python:3.11</c>.</summary>
    public string EnvironmentImage { get; set; } = "";

    /// <summary>Port under which clients find EnvHub's routes (<c>/env/*</c>, <c>/health</c>) without <c>/envhub</c> before them, as those
    /// of ROCK expect on 8081. <c>sandbox serve</c> listens there, too; a process of a cluster must be told to
    /// (<c>ASPNETCORE_URLS</c>). 0: none.</summary>
    [Range(0, 65_535)]
    public int EnvHubPort { get; set; }

    /// <summary>Connections to each address that it listens at; more are closed at once.</summary>
    [Range(1, int.MaxValue)]
    public int MaxConnections { get; set; } = 32_768;

    /// <summary>Connections from one remote address (of IPv6: from one /64 network) at the same time; more are closed at once. Those of
    /// <see cref="TrustedProxies"/> and those over a Unix socket do not count.</summary>
    [Range(1, int.MaxValue)]
    public int MaxConnectionsPerAddress { get; set; } = 16_384;

    /// <summary>IANA name of the zone of the times in answers. Empty: <c>ROCK_TIME_ZONE</c>, then <c>TZ</c>, then UTC.</summary>
    public string TimeZone { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class ApiOptionsValidator : IValidateOptions<ApiOptions>;

/// <summary>What attributes cannot say.</summary>
internal sealed class ApiOptionsChecks : IValidateOptions<ApiOptions>
{
    public ValidateOptionsResult Validate(string? name, ApiOptions options)
    {
        var problems = new List<string>();
        if (options.KeyFile.Length > 0 && !File.Exists(options.KeyFile))
        {
            problems.Add($"Api:KeyFile: there is no file {options.KeyFile}.");
        }

        if (options.KeyHashes.Any(hash => !Auth.ConfiguredApiKeys.IsHash(hash)))
        {
            problems.Add("Api:KeyHashes: each must be the 64 hexadecimal digits of a SHA-256 hash.");
        }

        if (options.OwnerKeyHash.Length > 0 && !Auth.ConfiguredApiKeys.IsHash(options.OwnerKeyHash))
        {
            problems.Add("Api:OwnerKeyHash: must be the 64 hexadecimal digits of a SHA-256 hash.");
        }

        if (options.AuthorizationKeyFile.Length > 0 && Rock.RockAuthorization.WhyUnusable(options.AuthorizationKeyFile) is { } unusable)
        {
            problems.Add($"Api:AuthorizationKeyFile: {unusable}");
        }

        if (options.ArchiveKeyHashes.Any(hash => !Auth.ConfiguredApiKeys.IsHash(hash)))
        {
            problems.Add("Api:ArchiveKeyHashes: each must be the 64 hexadecimal digits of a SHA-256 hash.");
        }

        problems.AddRange(options.TrustedProxies.Where(proxy => Auth.ProxyNetwork.Parse(proxy) is null)
            .Select(proxy => $"Api:TrustedProxies: '{proxy}' is no address and no network such as 10.0.0.0/24."));
        if (options.TimeZone.Length > 0 && !TimeZoneInfo.TryFindSystemTimeZoneById(options.TimeZone, out _))
        {
            problems.Add($"Api:TimeZone: this machine knows no zone {options.TimeZone}.");
        }

        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
