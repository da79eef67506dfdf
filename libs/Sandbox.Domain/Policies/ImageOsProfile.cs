namespace Sandbox.Domain.Policies;

/// <summary>What sandboxes of one <c>image_os</c> get where their callers say nothing else.</summary>
public sealed class ImageOsProfile
{
    /// <summary>How long a start may take; bounded like a caller's own wish. Null: as for every other.</summary>
    public TimeSpan? StartupTimeout { get; set; }

    /// <summary>Environment of their processes, over <see cref="StartOptions.Environment"/>.</summary>
    public Dictionary<string, string> Environment { get; set; } = [];
}
