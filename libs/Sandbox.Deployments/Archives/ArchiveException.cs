namespace Sandbox.Deployments.Archives;

/// <summary>Why a sandbox cannot be archived or restored, in one sentence for people. Trying again would end the same.</summary>
internal sealed class ArchiveException(string message) : Exception(message);
