using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>What the launchers of head and workers run.</summary>
public sealed record LauncherOptions
{
    /// <summary>The program of the head and its arguments. <c>{head_port}</c>, <c>{dashboard_port}</c> and <c>{app_port}</c> (the port that
    /// Cloudera ML serves) stand for the numbers.</summary>
    public required ImmutableArray<string> HeadCommand { get; init; }

    /// <summary>The same of a worker. <c>{head_address}</c> is host and port of the head.</summary>
    public required ImmutableArray<string> WorkerCommand { get; init; }

    public int HeadPort { get; init; } = 6379;

    public int DashboardPort { get; init; } = 8265;

    /// <summary>A virtual environment of Python that must be there, for engines that need one; null: none is needed.</summary>
    public string? VirtualEnvironment { get; init; } = "/home/cdsw/.venv";

    /// <summary>How long a worker waits before it joins: the name of a fresh head may not be known at once.</summary>
    public TimeSpan WorkerDelay { get; init; } = TimeSpan.FromSeconds(10);
}
