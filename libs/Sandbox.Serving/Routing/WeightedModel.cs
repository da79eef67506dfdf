namespace Sandbox.Serving.Routing;

/// <summary>A model behind an alias.</summary>
/// <param name="Weight">Its part of the requests, compared with those of the others; above 0.</param>
public sealed record WeightedModel(string Model, double Weight);
