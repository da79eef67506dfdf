namespace Sandbox.Cli.Terminals;

/// <inheritdoc cref="LocalEntry"/>
internal static class LocalEntries
{
    private const uint TypeMask = 0xF000, FolderType = 0x4000, RegularType = 0x8000;

    /// <summary>Links are followed.</summary>
    public static unsafe LocalEntry KindOf(string path)
    {
        // struct statx is the same on every architecture: the mode lies at 28.
        var found = stackalloc byte[256];
        if (Native.Statx(Native.CurrentFolder, path, 0, Native.TypeAndMode, found) != 0)
        {
            return LocalEntry.Missing;
        }

        return (*(ushort*)(found + 28) & TypeMask) switch
        {
            RegularType => LocalEntry.File,
            FolderType => LocalEntry.Folder,
            _ => LocalEntry.Other,
        };
    }
}
