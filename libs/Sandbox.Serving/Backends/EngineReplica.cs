namespace Sandbox.Serving.Backends;

/// <summary>One running copy of an engine.</summary>
/// <param name="Message">Why it is in that state; empty when there is nothing to say.</param>
public sealed record EngineReplica(string Name, ServeState State, string Message);
