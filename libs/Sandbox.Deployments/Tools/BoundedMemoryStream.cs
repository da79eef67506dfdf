namespace Sandbox.Deployments.Tools;

/// <summary>Memory that grows with what is written, up to a limit.</summary>
/// <param name="limit">Bytes.</param>
internal sealed class BoundedMemoryStream(int limit) : MemoryStream
{
    /// <exception cref="NotSupportedException">It would be more than the limit.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Demand(buffer.Length);
        base.Write(buffer);
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{byte})"/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        Demand(count);
        base.Write(buffer, offset, count);
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{byte})"/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Demand(buffer.Length);
        return base.WriteAsync(buffer, cancellationToken);
    }

    private void Demand(int count)
    {
        if (Length + count > limit)
        {
            throw new NotSupportedException($"more than {limit} bytes");
        }
    }
}
