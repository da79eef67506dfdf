using System.Collections.Immutable;
using System.Globalization;

namespace Sandbox.Rollout.Checkpoints;

/// <summary>One step of a rollout: an Ansible playbook and what a person must know before it runs.</summary>
/// <param name="Number">Its place in a rollout, from 1.</param>
public sealed record Checkpoint(int Number, string Name, string Description)
{
    /// <summary>It runs only with a consent to its plan.</summary>
    public bool RequiresApproval { get; init; }

    /// <summary>It removes things that nothing brings back; who consents says that they know it.</summary>
    public bool IsDestructive { get; init; }

    /// <summary>What it does to the machines, a line each.</summary>
    public ImmutableArray<string> Impact { get; init; } = [];

    /// <summary>The playbook's file name.</summary>
    public string Playbook => string.Create(CultureInfo.InvariantCulture, $"{Number:00}-{Name}.yml");

    /// <summary>The lines of <see cref="Impact"/> as a person is shown them.</summary>
    public IEnumerable<string> ImpactShown => Impact.Select(line => IsDestructive ? $"⚠️ DESTRUCTIVE: {line}" : line);
}
