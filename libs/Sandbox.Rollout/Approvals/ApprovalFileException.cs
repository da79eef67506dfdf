namespace Sandbox.Rollout.Approvals;

/// <summary>A file does not hold a consent that counts; the message says why.</summary>
public sealed class ApprovalFileException(string message) : Exception(message);
