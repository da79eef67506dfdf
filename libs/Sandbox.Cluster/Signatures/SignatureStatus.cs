namespace Sandbox.Cluster.Signatures;

/// <summary>Whether a request is a process of the cluster's, meant for this process, and here for the first time.</summary>
public enum SignatureStatus
{
    /// <summary>No signature, a wrong one, one of another request, recipient or time, or one that has been used.</summary>
    Bad,

    /// <summary>Right, but made before this process began, which does not know what the one before it accepted: to be signed
    /// anew.</summary>
    Stale,

    Good,
}
