namespace Sandbox.Worker.Enrollment;

/// <summary>A node could not join its cluster; the message is for people.</summary>
internal sealed class EnrollmentException(string message) : Exception(message);
