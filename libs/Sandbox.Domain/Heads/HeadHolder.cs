namespace Sandbox.Domain.Heads;

/// <summary>How the holder of the head's lease is written: which node, and which life of its process.</summary>
public static class HeadHolder
{
    public static string Of(string node, string instance) => $"{node}/{instance}";

    public static string NodeOf(string holder) => holder.LastIndexOf('/') is var slash and >= 0 ? holder[..slash] : holder;
}
