namespace Sandbox.Storage;

/// <summary>The store was written by a newer program than this one; nothing was changed in it.</summary>
/// <param name="store">What it is, for example "The data file /x/y.db".</param>
/// <param name="instead">What else could be used.</param>
public sealed class SchemaTooNewException(string store, int found, int known, string instead) : Exception(
    $"{store} has schema {found}, this program knows schemas up to {known}: it was written by a newer version. Use that version, or "
        + $"another {instead}.");
