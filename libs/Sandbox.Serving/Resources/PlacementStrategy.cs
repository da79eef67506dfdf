namespace Sandbox.Serving.Resources;

/// <summary>Where the bundles of one engine are placed.</summary>
public enum PlacementStrategy
{
    /// <summary>There is one bundle, which fits one node.</summary>
    OneNode,

    /// <summary>On as few nodes as can be: the parts of a model speak to each other for each token.</summary>
    Pack,
}
