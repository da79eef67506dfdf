namespace Sandbox.Cluster.Signatures;

/// <summary>Names of what a key of the cluster is for. Each has a key of its own, so that a signature made for one opens no
/// other.</summary>
public static class SignaturePurpose
{
    public const string NodeApi = "node api";

    public const string Health = "health service";
}
