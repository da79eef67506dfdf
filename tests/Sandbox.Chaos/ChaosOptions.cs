using System.Globalization;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos;

/// <summary>One run.</summary>
public sealed record ChaosOptions
{
    /// <summary>At least; a run goes on until its goal is reached.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(5);

    public Goal Goal { get; init; } = new();

    public int Seed { get; init; } = Random.Shared.Next(1, 1_000_000);

    public int Clients { get; init; } = 12;

    /// <summary>Faults at the same time.</summary>
    public int Overlap { get; init; } = 3;

    public bool HasRedis { get; init; } = !ProcessCluster.IsWithoutRedis;

    /// <summary>An engine of the run's own, which can be restarted; else the machine's, which is left alone.</summary>
    public bool HasOwnEngine { get; init; } = true;

    /// <summary>Kinds of faults that are left out.</summary>
    public IReadOnlyList<string> Without { get; init; } = [];

    /// <summary>Where history, logs and seed are kept.</summary>
    public string Artifacts { get; init; } = "";

    /// <summary>Null: they cannot be read, and <paramref name="problem"/> says why.</summary>
    public static ChaosOptions? Read(IReadOnlyList<string> arguments, out string problem)
    {
        var options = new ChaosOptions();
        problem = "";
        for (var at = 0; at < arguments.Count; at++)
        {
            var value = at + 1 < arguments.Count ? arguments[at + 1] : "";
            switch (arguments[at])
            {
                case "--minutes" when double.TryParse(value, CultureInfo.InvariantCulture, out var minutes) && minutes > 0:
                    options = options with { Length = TimeSpan.FromMinutes(minutes) };
                    at++;
                    break;
                case "--seed" when int.TryParse(value, CultureInfo.InvariantCulture, out var seed):
                    options = options with { Seed = seed };
                    at++;
                    break;
                case "--overlap" when int.TryParse(value, CultureInfo.InvariantCulture, out var overlap) && overlap is > 0 and < 10:
                    options = options with { Overlap = overlap };
                    at++;
                    break;
                case "--artifacts" when value.Length > 0:
                    options = options with { Artifacts = Path.GetFullPath(value) };
                    at++;
                    break;
                case "--no-redis":
                    options = options with { HasRedis = false };
                    break;
                default:
                    problem = $"'{arguments[at]}' is not understood; chaos --minutes N [--seed S] [--overlap N] [--no-redis]";
                    return null;
            }
        }

        return options with { Goal = GoalOf(options.Length) };
    }

    /// <summary>In five minutes 2,000 operations and three faults of each kind; a busy machine may take twice as long for it.</summary>
    private static Goal GoalOf(TimeSpan length) => new()
    {
        Operations = (int)(400 * length.TotalMinutes),
        FaultsOfEach = (int)(3 * length.TotalMinutes / 5),
        Within = 2 * length,
    };
}
