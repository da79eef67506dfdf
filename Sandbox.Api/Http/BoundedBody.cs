using System.Buffers;

namespace Sandbox.Api.Http;

/// <summary>A whole body in rented memory; dispose it when it is no longer looked at.</summary>
internal sealed class BoundedBody : IDisposable
{
    private const int FirstSize = 4 * 1024;

    private byte[] _rented;
    private int _length;

    private BoundedBody(byte[] rented) => _rented = rented;

    public ReadOnlyMemory<byte> Bytes => _rented.AsMemory(0, _length);

    /// <summary>Null when the body is larger than <paramref name="limit"/> bytes.</summary>
    public static async Task<BoundedBody?> ReadAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        var body = new BoundedBody(ArrayPool<byte>.Shared.Rent(FirstSize));
        try
        {
            while (true)
            {
                var read = await stream.ReadAsync(body._rented.AsMemory(body._length), cancellationToken);
                if (read == 0)
                {
                    return body;
                }

                body._length += read;
                if (body._length > limit)
                {
                    body.Dispose();
                    return null;
                }

                body.GrowIfFull();
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_rented);
        _rented = [];
        _length = 0;
    }

    private void GrowIfFull()
    {
        if (_length == _rented.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_length * 2);
            _rented.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_rented);
            _rented = larger;
        }
    }
}
