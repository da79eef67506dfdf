namespace Sandbox.Node.Maintenance;

/// <summary>Why a maintenance task was not done, in one sentence for people.</summary>
public sealed class MaintenanceException(string message) : Exception(message);
