using System.ComponentModel.DataAnnotations;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>What starts get beside what their callers ask for. Bound from section <c>Start</c>, checked at start and when the configuration
/// changes: a change reaches the starts after it.</summary>
public sealed class StartOptions : IValidatableObject
{
    public const string Section = "Start";

    /// <summary>In a list: every image, or every key.</summary>
    public const string Everything = "*";

    /// <summary>The zone of a sandbox's clock, as ROCK's programs look for it.</summary>
    public const string TimeZoneVariable = "ROCK_TIME_ZONE";

    /// <summary>Registries for programs inside, as ROCK's look for them.</summary>
    public const string RegistryVariable = "INSTANCE_ROCK_REGISTRY";

    /// <summary>In a sandbox of the kata runtime: <c>true</c>.</summary>
    public const string KataVariable = "ROCK_KATA_RUNTIME";

    /// <summary>Bytes of a SHA-256 hash.</summary>
    private const int HashLength = 32;

    /// <summary>Registries that are asked for the images of <see cref="MirroredImages"/>, in this order; the first that has one is where it
    /// is pulled from. Each must be in <c>Security:Registries</c>, or have a public name.</summary>
    public IReadOnlyList<RegistryMirror> Mirrors { get; set; } = [];

    /// <summary>Beginnings of the names of images that <see cref="Mirrors"/> may have (<c>docker.io/library/</c>); <c>*</c>: all. What a
    /// mirror has of them is for every tenant. Default: none.</summary>
    public IReadOnlyList<string> MirroredImages { get; set; } = [];

    /// <summary>Registries that programs inside sandboxes are told of (<c>INSTANCE_ROCK_REGISTRY</c>).</summary>
    public IReadOnlyList<string> InstanceRegistryMirrors { get; set; } = [];

    /// <summary>CPUs that a sandbox may use above those that it asks for while others leave them idle: at most this many, and at most as
    /// many again. Null: none, unless it asks itself (<c>limit_cpus</c>).</summary>
    [Range(0.01, 4096)]
    public double? CpuOvercommitHeadroom { get; set; }

    /// <summary>Whose sandboxes may: SHA-256 hashes (64 hexadecimal digits) of what callers send as <c>X-Key</c>; <c>*</c>: everyone's.
    /// Default: nobody's.</summary>
    public IReadOnlyList<string> CpuOvercommitKeyHashes { get; set; } = [];

    /// <summary>How many times its disk a node gives away: a sandbox of 50g takes 50g divided by this of it. Null: once.</summary>
    [Range(1.0, 1000.0)]
    public double? DiskOvercommitRatio { get; set; }

    /// <summary>Every sandbox gets <see cref="StandardCpus"/> and <see cref="StandardMemory"/>, whatever it asks for. Default:
    /// no.</summary>
    public bool UsesStandardSpecOnly { get; set; }

    /// <summary>Default 2, as ROCK has it.</summary>
    [Range(0.01, 4096)]
    public double StandardCpus { get; set; } = 2;

    /// <summary>Default 8g, as ROCK has it.</summary>
    [Required]
    [Size]
    public string StandardMemory { get; set; } = "8g";

    /// <summary>IANA name of the time zone of processes in sandboxes (<c>TZ</c>, <c>ROCK_TIME_ZONE</c>), which needs the zone's file in the
    /// image. Empty: what the image says.</summary>
    public string TimeZone { get; set; } = "";

    /// <summary>Environment of every process in every sandbox; what a caller gives goes before it.</summary>
    public Dictionary<string, string> Environment { get; set; } = [];

    /// <summary>By <c>image_os</c>: what such sandboxes get (<c>StartupTimeout</c>, <c>Environment</c>).</summary>
    public Dictionary<string, ImageOsProfile> ImageOsProfiles { get; set; } = [];

    /// <summary>The upper CPU limit of a sandbox that asks for none itself; null: that which it asks for.</summary>
    /// <param name="authorization">What its caller sent as <c>X-Key</c>; null: nothing.</param>
    /// <param name="most">CPUs that no sandbox may have more of.</param>
    public double? LimitCpusOf(double cpus, string? authorization, double most) =>
        CpuOvercommitHeadroom is { } headroom && MayOvercommit(authorization)
            && Math.Min(Math.Min(2 * cpus, cpus + headroom), most) is var limit && limit > cpus
            ? limit
            : null;

    /// <summary>Mirrors may have this image.</summary>
    public bool IsMirrored(ImageReference image) =>
        image.Digest is null && MirroredImages.Any(prefix => prefix is Everything
            || (prefix.Length > 0 && image.Name.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>What a sandbox has in its environment where its caller gave nothing by that name.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentOf(string imageOs, bool usesKata)
    {
        var env = new Dictionary<string, string>(StringComparer.Ordinal);
        if (TimeZone.Length > 0)
        {
            (env["TZ"], env[TimeZoneVariable]) = (TimeZone, TimeZone);
        }

        if (InstanceRegistryMirrors.Count > 0)
        {
            env[RegistryVariable] = string.Join(',', InstanceRegistryMirrors);
        }

        if (usesKata)
        {
            env[KataVariable] = "true";
        }

        foreach (var (name, value) in Environment.Concat(ImageOsProfiles.GetValueOrDefault(imageOs)?.Environment ?? []))
        {
            env[name] = value;
        }

        return env;
    }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
    [
        .. Mirrors.Where(mirror => ImageReference.Parse($"{mirror.Registry}/a") is not { Registry: { } host }
                || !host.Equals(mirror.Registry, StringComparison.OrdinalIgnoreCase))
            .Select(mirror => Wrong(nameof(Mirrors), $"'{mirror.Registry}' is no registry such as mirror.example:5000")),
        .. Mirrors.Where(mirror => mirror.Namespace.Length > 0 && ImageReference.Parse($"a.example/{mirror.Namespace}/a") is null)
            .Select(mirror => Wrong(nameof(Mirrors), $"'{mirror.Namespace}' is no path of a registry")),
        .. CpuOvercommitKeyHashes.Where(hash => hash is not Everything && HashOf(hash) is null)
            .Select(_ => Wrong(nameof(CpuOvercommitKeyHashes), "an entry is neither * nor 64 hexadecimal digits")),
        .. ((string[])[TimeZone]).Where(zone => zone.Length > 0 && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
            .Select(zone => Wrong(nameof(TimeZone), $"there is no time zone '{zone}' here")),
        .. Environment.Concat(ImageOsProfiles.Values.SelectMany(profile => profile.Environment))
            .Where(entry => entry.Key.Length == 0 || entry.Key.Contains('=', StringComparison.Ordinal)
                || entry.Key.Contains('\0', StringComparison.Ordinal) || entry.Value.Contains('\0', StringComparison.Ordinal))
            .Select(entry => Wrong(nameof(Environment), $"'{entry.Key}' cannot be a variable, or its value cannot be one's")),
        .. ImageOsProfiles.Where(profile => profile.Value.StartupTimeout <= TimeSpan.Zero)
            .Select(profile => Wrong(nameof(ImageOsProfiles), $"the start-up timeout of '{profile.Key}' must be more than zero")),
    ];

    private bool MayOvercommit(string? authorization) => CpuOvercommitKeyHashes.Contains(Everything)
        || (authorization is { Length: > 0 }
            && HashedKeys.Contain(CpuOvercommitKeyHashes.Select(HashOf).OfType<byte[]>(), authorization));

    private static byte[]? HashOf(string text) =>
        text.Length == 2 * HashLength && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;

    private static ValidationResult Wrong(string setting, string reason) => new($"{Section}:{setting}: {reason}.", [setting]);
}
