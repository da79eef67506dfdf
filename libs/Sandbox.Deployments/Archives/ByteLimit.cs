namespace Sandbox.Deployments.Archives;

/// <summary>How much may be written, and what is said of more.</summary>
internal sealed record ByteLimit(long Bytes, string Exceeded)
{
    /// <param name="what">For example "the image".</param>
    public static ByteLimit Of(string what, long bytes) => new(bytes, $"{what} is larger than the limit of {bytes} bytes");

    /// <summary>The smaller of this and what a disk has left.</summary>
    public ByteLimit Within(string what, long left) => left >= Bytes
        ? this : new(left, $"{what} needs more than the {left} bytes that are left for it on the disk of this node");

    /// <exception cref="ArchiveException">It is more.</exception>
    public void Check(long bytes)
    {
        if (bytes > Bytes)
        {
            throw new ArchiveException(Exceeded);
        }
    }
}
