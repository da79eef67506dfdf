using System.Buffers.Binary;
using System.Net;

namespace Sandbox.Deployments.Networks;

/// <summary>The addresses of a node's networks, cut into blocks of 256, one for each network.</summary>
/// <param name="Network">IPv4, between /12 and /24.</param>
internal sealed record AddressPool(IPNetwork Network)
{
    private const int BlockPrefix = 24;

    /// <summary>Sandboxes that one block has addresses for: all but network, broadcast and gateway. Far below the 1,023 ports of a
    /// bridge, because every broadcast of one sandbox (ARP) reaches all the others of its bridge.</summary>
    public const int AddressesPerBlock = 253;

    public int Blocks => 1 << (BlockPrefix - Network.PrefixLength);

    /// <param name="number">From 0 to <see cref="Blocks"/>.</param>
    public IPNetwork Block(int number)
    {
        var bytes = Network.BaseAddress.GetAddressBytes();
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) + ((uint)number << (32 - BlockPrefix)));
        return new IPNetwork(new IPAddress(bytes), BlockPrefix);
    }

    public static bool Overlap(IPNetwork one, IPNetwork other) => one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);
}
