namespace Sandbox.Cli.Terminals;

/// <summary>What a path of this machine leads to. .NET does not tell a named pipe from a file, and waits for ever when it opens
/// one.</summary>
internal enum LocalEntry
{
    /// <summary>Nothing, or a name that .NET cannot say because it is no UTF-8.</summary>
    Missing,
    File,
    Folder,
    Other,
}
