using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Sandbox.Storage.Redis;

/// <summary>How long Redis may keep a caller waiting. Bound from section <c>Redis</c>, checked at start.</summary>
internal sealed class RedisOptions
{
    public const string Section = "Redis";

    /// <summary>Longest time that one call may take; then the circuit opens and callers go on without Redis. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:05")]
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often it is asked whether it is back, and whether wake-ups still arrive. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan Probe { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest life of a live entry that is not written: what a killed process left behind ends by itself, and a
    /// living sandbox that loses its entry to this is answered from its record. Default 1 day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan EntryLife { get; set; } = TimeSpan.FromDays(1);
}

[OptionsValidator]
internal sealed partial class RedisOptionsValidator : IValidateOptions<RedisOptions>;
