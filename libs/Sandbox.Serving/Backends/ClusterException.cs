namespace Sandbox.Serving.Backends;

/// <summary>A cluster was not reached or not started; the message says why, without a secret.</summary>
public sealed class ClusterException(string message, Exception? inner = null) : Exception(message, inner);
