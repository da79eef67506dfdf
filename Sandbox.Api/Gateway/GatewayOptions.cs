using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Sandbox.Api.Gateway;

/// <summary>The gateway to engines that serve models. Bound from section <c>Gateway</c>, checked at start.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>Largest body of a request to a model, bytes.</summary>
    [Range(1024, 1024 * 1024 * 1024)]
    public int MaxBody { get; set; } = 16 * 1024 * 1024;

    /// <summary>The most requests at one replica at the same time; more wait for a replica.</summary>
    [Range(1, 1_000_000)]
    public int MaxOutstanding { get; set; } = 256;

    /// <summary>The most requests that wait for a replica of one model; more are answered 429.</summary>
    [Range(0, 1_000_000)]
    public int MaxWaiting { get; set; } = 1024;

    /// <summary>How long a request waits for a replica, also while its model is started; then it is answered 503.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>By how many requests a replica may be ahead of the least busy one and still get those that its cache has seen.</summary>
    [Range(0, 1_000_000)]
    public int AffinitySlack { get; set; } = 8;

    /// <summary>How many bytes of a prompt's beginning decide which replica's cache may have it.</summary>
    [Range(1, 1_000_000)]
    public int PrefixBytes { get; set; } = 1024;

    /// <summary>How often each replica is asked whether it lives.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "01:00:00")]
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a replica may take to say so.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "01:00:00")]
    public TimeSpan HealthLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often it is written down what models were used for. A process that is killed loses what it counted since.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan UsageInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Requests to models in a minute, of one key. 0: any number.</summary>
    [Range(0, int.MaxValue)]
    public int RequestsPerMinutePerKey { get; set; }

    /// <summary>The same for all keys of a tenant together. 0: any number.</summary>
    [Range(0, int.MaxValue)]
    public int RequestsPerMinutePerTenant { get; set; }

    /// <summary>Tokens in a minute, of prompts and answers, of one key. They are counted as engines tell them, after the answer: who has
    /// used up more waits until it is made up for. 0: any number.</summary>
    [Range(0, int.MaxValue)]
    public int TokensPerMinutePerKey { get; set; }

    /// <summary>The same for all keys of a tenant together. 0: any number.</summary>
    [Range(0, int.MaxValue)]
    public int TokensPerMinutePerTenant { get; set; }

    /// <summary>Requests to models at the same time, of one key. 0: any number.</summary>
    [Range(0, int.MaxValue)]
    public int ConcurrentPerKey { get; set; }

    /// <summary>The same for all keys of a tenant together. 0: any number.</summary>
    [Range(0, int.MaxValue)]
    public int ConcurrentPerTenant { get; set; }
}

[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
