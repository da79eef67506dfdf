using System.ComponentModel.DataAnnotations;
using Cronos;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Maintenance;

/// <summary>The maintenance of a node. Bound from section <c>Maintenance</c>, checked at start and when the configuration changes: a change
/// reaches the runs after it.</summary>
public sealed class MaintenanceOptions : IValidatableObject
{
    public const string Section = "Maintenance";

    /// <summary>By task (<c>image_cleanup</c>, <c>image_pull</c>, <c>container_cleanup</c>, <c>docker_health</c>, <c>file_cleanup</c>,
    /// <c>sandbox_log_archive</c>): when the node does it by itself, a cron expression of five fields in UTC (<c>0 3 * * *</c>).
    /// Empty: never.</summary>
    public Dictionary<string, string> Schedules { get; set; } = [];

    /// <summary>The longest that one run may take. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestRun { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Images that <c>image_pull</c> pulls.</summary>
    public IReadOnlyList<string> Images { get; set; } = [];

    /// <summary>The registry that is shown <see cref="RegistryUsername"/>, as it stands in names (<c>registry.example:5000</c>); no other
    /// is shown anything.</summary>
    public string Registry { get; set; } = "";

    public string RegistryUsername { get; set; } = "";

    /// <summary>Never logged.</summary>
    public string RegistryPassword { get; set; } = "";

    /// <summary><c>image_cleanup</c> also removes the images of the engine that have no name and that nothing uses, whoever made them.
    /// Default: no.</summary>
    public bool PrunesDanglingImages { get; set; }

    /// <summary>Containers of nodes that are gone are removed by <c>container_cleanup</c> once they are this old. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan LeastContainerAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The program, and its arguments, that <c>docker_health</c> runs where the engine does not answer: <c>systemctl</c>,
    /// <c>start</c>, <c>docker</c>. Empty: it only tells.</summary>
    public IReadOnlyList<string> EngineStartCommand { get; set; } = [];

    /// <summary>Folders that <c>file_cleanup</c> looks through: full paths of at least two parts, without <c>.</c>, <c>..</c> and symbolic
    /// links, outside of the system's and this program's own.</summary>
    public IReadOnlyList<string> CleanedFolders { get; set; } = [];

    /// <summary>Files of these folders go when nothing was written to them for so long. Default 7 days, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan MostFileAge { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Or when they are larger than this. Default 1g, as ROCK has it.</summary>
    [Required]
    [Size]
    public string MostFileSize { get; set; } = "1g";

    /// <summary>The log of a sandbox goes into the archive store when it was stopped for so long. Default 3 days, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    public TimeSpan LogArchiveAfter { get; set; } = TimeSpan.FromDays(3);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
    [
        .. Schedules.Keys.Except(MaintenanceTasks.All)
            .Select(task => Wrong(nameof(Schedules), $"there is no task '{task}'; there are {string.Join(", ", MaintenanceTasks.All)}")),
        .. Schedules.Where(entry => entry.Value.Length > 0 && !CronExpression.TryParse(entry.Value, out _))
            .Select(entry => Wrong(nameof(Schedules), $"'{entry.Value}' of {entry.Key} is no cron expression of five fields")),
        .. Images.Select(image => (image, Reason: ImageReference.WhyRefused(image))).Where(one => one.Reason is not null)
            .Select(one => Wrong(nameof(Images), $"'{one.image}' {one.Reason}")),
        .. CleanedFolders.Select(folder => (folder, Reason: CleanedFolder.WhyRefused(folder))).Where(one => one.Reason is not null)
            .Select(one => Wrong(nameof(CleanedFolders), $"'{one.folder}' {one.Reason}")),
    ];

    /// <summary>The first time after a moment at which the node does a task by itself; null: never.</summary>
    public DateTimeOffset? NextAfter(string task, DateTimeOffset moment) =>
        ScheduleOf(task) is { Length: > 0 } schedule
            ? CronExpression.Parse(schedule).GetNextOccurrence(moment, TimeZoneInfo.Utc)
            : null;

    public string ScheduleOf(string task) => Schedules.GetValueOrDefault(task, "");

    private static ValidationResult Wrong(string setting, string reason) => new($"{Section}:{setting}: {reason}.", [setting]);
}

[OptionsValidator]
internal sealed partial class MaintenanceOptionsValidator : IValidateOptions<MaintenanceOptions>;
