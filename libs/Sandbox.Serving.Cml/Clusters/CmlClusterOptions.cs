using Sandbox.Serving.Cml.Configuration;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>How a cluster on Cloudera ML is started.</summary>
public sealed record CmlClusterOptions
{
    public const string DefaultName = "ray-cluster";

    /// <summary>What the names of its applications begin with.</summary>
    public string Name { get; init; } = DefaultName;

    public int NumWorkers { get; init; } = 1;

    /// <summary>Cores of a worker.</summary>
    public double Cpu { get; init; } = 16;

    /// <summary>GiB of a worker.</summary>
    public double Memory { get; init; } = 64;

    /// <summary>GPUs of a worker. The head never has one.</summary>
    public int NumGpus { get; init; }

    /// <summary>Cores of the head; null: as a worker's.</summary>
    public double? HeadCpu { get; init; }

    /// <summary>GiB of the head; null: as a worker's.</summary>
    public double? HeadMemory { get; init; }

    /// <summary>The port at which workers find the head.</summary>
    public int HeadPort { get; init; } = 6379;

    public int DashboardPort { get; init; } = 8265;

    /// <summary>The image of head and workers, where none is named for them.</summary>
    public string? RuntimeIdentifier { get; init; }

    public string? HeadRuntimeIdentifier { get; init; }

    public string? WorkerRuntimeIdentifier { get; init; }

    /// <summary>What the head runs: a file of the project.</summary>
    public required string HeadScript { get; init; }

    /// <summary>What a worker runs: a file of the project.</summary>
    public required string WorkerScript { get; init; }

    /// <summary>Return only when the workers run, or do not in time.</summary>
    public bool WaitReady { get; init; } = true;

    /// <summary>How long an application may take until it runs.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(300);

    public WorkerVariables? WorkerVariables { get; init; }

    /// <exception cref="CmlConfigurationException">Something is missing or out of bounds; the message has all of it.</exception>
    internal void Validate()
    {
        var problems = new List<string>();
        Check(NumWorkers is >= 0 and <= 1000, "num_workers must be 0 to 1000");
        Check(Cpu > 0 && (HeadCpu ?? Cpu) > 0, "cpu must be above 0");
        Check(Memory > 0 && (HeadMemory ?? Memory) > 0, "memory must be above 0");
        Check(NumGpus is >= 0 and <= 64, "num_gpus must be 0 to 64");
        Check(HeadPort is > 0 and <= 65535 && DashboardPort is > 0 and <= 65535, "a port must be 1 to 65535");
        Check(Timeout > TimeSpan.Zero, "timeout must be above 0");
        Check((HeadRuntimeIdentifier ?? RuntimeIdentifier) is not null, "no runtime identifier is named for the head");
        Check((WorkerRuntimeIdentifier ?? RuntimeIdentifier) is not null, "no runtime identifier is named for the workers");
        Check(Subdomain.TryMake(Name, out _), "name must have a letter or a digit");
        if (problems.Count > 0)
        {
            throw new CmlConfigurationException(string.Join("; ", problems));
        }

        void Check(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }
}
