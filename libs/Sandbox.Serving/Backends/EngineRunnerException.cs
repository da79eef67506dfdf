namespace Sandbox.Serving.Backends;

/// <summary>Engines cannot be started, asked about or stopped now; the message says why, without a secret.</summary>
public sealed class EngineRunnerException(string message, Exception? inner = null) : Exception(message, inner);
