namespace Sandbox.Serving.Routing;

/// <summary>An engine that serves a model.</summary>
/// <param name="Id">Unique among those of the model; the same after a restart of the gateway, so that requests find their cache.</param>
public sealed record Replica(string Id, Uri Address);
