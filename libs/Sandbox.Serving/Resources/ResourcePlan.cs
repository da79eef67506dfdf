using System.Collections.Immutable;

namespace Sandbox.Serving.Resources;

/// <summary>What one replica of an engine takes of the cluster.</summary>
public sealed record ResourcePlan(ImmutableArray<ResourceBundle> Bundles, PlacementStrategy Strategy)
{
    /// <summary>Cores together.</summary>
    public int Cpus => Bundles.Sum(bundle => bundle.Cpus);

    /// <summary>GPUs together.</summary>
    public int Gpus => Bundles.Sum(bundle => bundle.Gpus);

    /// <summary>Without a GPU, an engine computes on four cores; with one, two cores feed it; spread over several, each GPU has a core of
    /// its own.</summary>
    /// <param name="tensorParallelSize">Over how many GPUs a model is spread, at least 1; has no effect on the CPU.</param>
    public static ResourcePlan For(int tensorParallelSize, bool useCpu) => (useCpu, tensorParallelSize) switch
    {
        (true, _) => new([new(4, 0)], PlacementStrategy.OneNode),
        (_, < 1) => throw new ArgumentOutOfRangeException(nameof(tensorParallelSize), tensorParallelSize, "At least one GPU is needed."),
        (_, 1) => new([new(2, 1)], PlacementStrategy.OneNode),
        _ => new([.. Enumerable.Repeat(new ResourceBundle(1, 1), tensorParallelSize)], PlacementStrategy.Pack),
    };
}
