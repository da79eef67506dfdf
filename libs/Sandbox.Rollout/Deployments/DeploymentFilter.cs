namespace Sandbox.Rollout.Deployments;

/// <summary>Which deployments of the history are wanted; what is null does not matter.</summary>
public sealed record DeploymentFilter
{
    /// <summary>Most rows of a page.</summary>
    public const int MostOfAPage = 200;

    public DeploymentState? State { get; init; }

    public string? StartedBy { get; init; }

    public Guid? Schedule { get; init; }

    /// <summary>Whole rollouts only, or only those of single checkpoints.</summary>
    public bool? IsWhole { get; init; }

    /// <summary>Started then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Started before then.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The page after the one that ended with this row; as <see cref="DeploymentPage.Next"/> says it.</summary>
    public DeploymentCursor? After { get; init; }

    public int Limit { get; init; } = 50;
}
