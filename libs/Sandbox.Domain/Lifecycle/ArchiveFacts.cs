using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Lifecycle;

/// <summary>What an archive left outside of any node.</summary>
/// <param name="Incarnation">Whose files it has; names it wherever it lies.</param>
/// <param name="Location">Its key in the object store, or its name in the registry, with the digest.</param>
/// <param name="Digest">Hash of the stored bytes: a restore checks it before anything is unpacked.</param>
/// <param name="Bytes">Its size as it is stored.</param>
/// <param name="ImageId">The engine's id of the image inside.</param>
public sealed record ArchiveFacts(IncarnationId Incarnation, string Location, string Digest, long Bytes, string ImageId)
{
    /// <summary>What the image takes of the disk of a node that it is restored to. Null: it was made before that was noted.</summary>
    public long? UnpackedBytes { get; init; }
}
