namespace Sandbox.ClusterFile;

/// <summary>A process was told to read a cluster file that cannot be.</summary>
public sealed class ClusterFileException(string message) : IOException(message);
