namespace Sandbox.Agent.Gem;

/// <summary>An environment that cannot be made, or that does not do what it is asked.</summary>
internal sealed class GemFailure(string message) : Exception(message);
