namespace Sandbox.Node.Agents;

/// <summary>Nothing listens where a caller said that its agent is. The message is ours, with the address that the caller named.</summary>
internal sealed class NoAgentException(string message, Exception innerException) : IOException(message, innerException);
