namespace Sandbox.Serving.Engines;

/// <summary>No engine has that name; the message lists those that there are.</summary>
public sealed class UnknownEngineException(string name, IEnumerable<string> known)
    : KeyNotFoundException($"There is no engine '{name}'. Engines: {(known.Any() ? string.Join(", ", known) : "none")}.");
