namespace Sandbox.Storage.Sqlite;

/// <summary>The file was written by a newer program than this one; nothing was changed in it.</summary>
public sealed class SchemaTooNewException(string path, int found, int known) : Exception(
    $"The data file {path} has schema {found}, this program knows schemas up to {known}: it was written by a newer version. Use that version, or another data folder.");
