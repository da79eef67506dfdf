namespace Sandbox.Worker.Joining;

/// <summary>A node could not join its cluster; the message is for people.</summary>
internal sealed class JoinException(string message) : Exception(message);
