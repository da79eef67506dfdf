using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Sandbox.Api.Http;

/// <summary>Gives connections blocks of the buffers that the whole process shares. A pool of Kestrel's own keeps what it once rented, a
/// block pinned here and one there, and gives a twentieth of that back in ten seconds: after one burst of large bodies most of their
/// memory would stay taken for minutes.</summary>
internal sealed class SharedMemoryPools : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Blocks();

    /// <summary>The shared pool as Kestrel expects one: whatever size is asked for, a block comes.</summary>
    private sealed class Blocks : MemoryPool<byte>
    {
        public override int MaxBufferSize => 4096;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, MaxBufferSize);
            return Shared.Rent(MaxBufferSize);
        }

        protected override void Dispose(bool disposing)
        {
            // The shared pool outlives every connection.
        }
    }
}
