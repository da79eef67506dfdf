using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>A request for a model, read once so that it can be sent to another replica.</summary>
/// <param name="Body">With the model's own name in the place of an alias.</param>
internal sealed record ModelRequest(ModelRoute Route, byte[] Body, AffinityKey? Affinity);
