using System.ComponentModel.DataAnnotations;

namespace Sandbox.Domain.Policies;

/// <summary>What happens to sandboxes by themselves. Bound from section <c>Lifecycle</c>, checked at start. A change
/// reaches only sandboxes that are created (or stopped) later: their deadlines are absolute.</summary>
public sealed class LifecycleOptions
{
    public const string Section = "Lifecycle";

    /// <summary>Idle time before a stop when the caller names none. Default 30 min, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The longest that a sandbox runs after a start: then it is stopped, however much it is used. It can be started again. Null:
    /// no bound.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan? MaxLifetime { get; set; }

    /// <summary>How long a sandbox that nobody calls is not idle because its own processes are active. What it says of that is the word of
    /// code that runs in it, so it counts no longer than this after the last call. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan MaxUncalledActivity { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Upper bound of every automatic delete, and the delay where the caller names none; null: no bound, none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan? AutoDelete { get; set; }

    /// <summary>How long an archived sandbox is kept; null: until it is deleted by a caller.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan? AutoDeleteArchived { get; set; }

    /// <summary>How long an archive may take before it has failed. Default 30 min, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "24:00:00")]
    public TimeSpan ArchiveTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a restore may take before it has failed. Default 30 min, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "24:00:00")]
    public TimeSpan RestoreTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether a stop deletes at once where neither caller nor <see cref="AutoDelete"/> says otherwise. Default
    /// true, as ROCK has it.</summary>
    public bool RemoveContainer { get; set; } = true;

    /// <summary>How long a start that failed stays to be read before such a sandbox is deleted. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan FailedStartRetention { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a lost sandbox that a stop would have deleted stays to be restarted. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan LostRetention { get; set; } = TimeSpan.FromHours(24);
}
