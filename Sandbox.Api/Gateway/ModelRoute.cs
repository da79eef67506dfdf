using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>The model that a name stands for, and its replicas.</summary>
internal sealed record ModelRoute(OfferedModel Model, ReplicaPool Pool);
