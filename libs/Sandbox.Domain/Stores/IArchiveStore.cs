namespace Sandbox.Domain.Stores;

/// <summary>
/// Where archives lie: files by name, outside of every node. Whatever goes wrong with it is an
/// <see cref="ArchiveStoreException"/> with a reason for people; every verb may be repeated.
/// </summary>
public interface IArchiveStore
{
    /// <summary>Puts a file there, whole or not at all: until it has come to its end no reader finds it, and a broken one leaves
    /// nothing behind. Replaces what has this name.</summary>
    /// <param name="content">Can be measured and read anew.</param>
    Task PutAsync(string key, Stream content, CancellationToken cancellationToken);

    /// <summary>Copies a file into <paramref name="target"/>; false when there is none.</summary>
    Task<bool> TryGetAsync(string key, Stream target, CancellationToken cancellationToken);

    /// <summary>What is not there is deleted.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    Task<bool> ExistsAsync(string key, CancellationToken cancellationToken);
}

/// <summary>What the store could not or would not do, in one sentence for people.</summary>
public sealed class ArchiveStoreException(string message, Exception? inner = null) : Exception(message, inner);
