using System.ComponentModel.DataAnnotations;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>What a sandbox may ask for, and what it gets when it does not ask. Bound from section <c>Limits</c>, checked at
/// start.</summary>
public sealed class SpecLimits : IValidatableObject
{
    public const string Section = "Limits";

    /// <summary>Most CPUs of one sandbox. Default 16, as ROCK has it.</summary>
    [Range(0.01, 4096)]
    public double MaxCpus { get; set; } = 16;

    /// <summary>Most memory of one sandbox. Default 64g, as ROCK has it.</summary>
    [Required]
    [Size]
    public string MaxMemory { get; set; } = "64g";

    /// <summary>Largest disk limit of one sandbox. Default 256g, as ROCK has it.</summary>
    [Required]
    [Size]
    public string MaxDisk { get; set; } = "256g";

    /// <summary>The disk limit where a caller explicitly gives none; null: no limit. (A request without the field gets 50G.)</summary>
    [Size]
    public string? DefaultDisk { get; set; }

    /// <summary>Processes and threads of a sandbox that does not ask.</summary>
    [Range(16, 4194304)]
    public int DefaultPids { get; set; } = 4096;

    /// <summary>Most processes and threads of one sandbox.</summary>
    [Range(16, 4194304)]
    public int MaxPids { get; set; } = 65536;

    /// <summary>How long a start may take when the caller does not say. Default 600 s, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "24:00:00")]
    public TimeSpan DefaultStartup { get; set; } = TimeSpan.FromSeconds(600);

    /// <summary>What a caller says about it is raised to this. Default 600 s, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "24:00:00")]
    public TimeSpan MinStartup { get; set; } = TimeSpan.FromSeconds(600);

    /// <summary>And lowered to this. Default 1800 s, as ROCK has it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "24:00:00")]
    public TimeSpan MaxStartup { get; set; } = TimeSpan.FromSeconds(1800);

    /// <summary>Creates per minute of a tenant that is made without a bound of them. Null: none. Default 6000.</summary>
    [Range(0, int.MaxValue)]
    public int? CreatesPerMinute { get; set; } = 6000;

    /// <summary>Accelerators that may be asked for, beside <see cref="ExtraAcceleratorTypes"/>; compared without case.</summary>
    public IReadOnlyList<string> AcceleratorTypes { get; set; } =
        ["nvidia", "amd", "t4", "v100", "a10", "a30", "a100", "a800", "h20", "h100", "h200", "h800", "l4", "l20", "l40", "l40s", "b200",
            "mi300x", "ppu"];

    /// <summary>Accelerators of this installation.</summary>
    public IReadOnlyList<string> ExtraAcceleratorTypes { get; set; } = [];

    /// <summary>Written into every spec snapshot: what this server is …</summary>
    public string Role { get; set; } = "standalone";

    /// <summary>… and in which environment it stands.</summary>
    public string Environment { get; set; } = "local";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MinStartup > MaxStartup)
        {
            yield return new ValidationResult($"{nameof(MinStartup)} must not be above {nameof(MaxStartup)}.", [nameof(MinStartup)]);
        }

        if (DefaultPids > MaxPids)
        {
            yield return new ValidationResult($"{nameof(DefaultPids)} must not be above {nameof(MaxPids)}.", [nameof(DefaultPids)]);
        }

        if (SizeText.TryParse(DefaultDisk, out var disk) && SizeText.TryParse(MaxDisk, out var most) && disk > most)
        {
            yield return new ValidationResult($"{nameof(DefaultDisk)} must not be above {nameof(MaxDisk)}.", [nameof(DefaultDisk)]);
        }
    }
}
