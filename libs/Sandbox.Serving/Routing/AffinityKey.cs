using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Serving.Routing;

/// <summary>What requests have in common that profit from the same replica's cache: a session, or the beginning of a prompt. The same in
/// each process, so that several gateways send them to the same one.</summary>
public readonly record struct AffinityKey
{
    private readonly ulong _hash;

    private AffinityKey(ulong hash) => _hash = hash;

    /// <param name="tenant">Sessions of two tenants have nothing in common, whatever they are called.</param>
    public static AffinityKey OfSession(string tenant, string session) =>
        new(Hash(Encoding.UTF8.GetBytes($"{tenant.Length}:{tenant}{session}")));

    /// <param name="prefixBytes">How much of it counts.</param>
    public static AffinityKey OfPrefix(ReadOnlySpan<byte> prompt, int prefixBytes) =>
        new(Hash(prompt[..Math.Min(prompt.Length, prefixBytes)]));

    /// <summary>How well a replica suits: the one with the highest number is preferred (rendezvous hashing). When one goes, only its
    /// requests go elsewhere.</summary>
    internal ulong RankOf(ulong replicaHash) => Mix(_hash ^ replicaHash);

    internal static ulong HashOf(string replicaId) => Hash(Encoding.UTF8.GetBytes(replicaId));

    private static ulong Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }

    /// <summary>The finalizer of SplitMix64: each bit of the input changes half of the output's.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
