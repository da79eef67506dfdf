using System.Runtime.InteropServices;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Wire;

namespace Sandbox.Agent.Files;

/// <summary>The names in a folder, whatever bytes they consist of, without <c>.</c> and <c>..</c>.</summary>
internal static unsafe class FolderNames
{
    // struct dirent of 64-bit Linux: number, offset, length of the record, type, name.
    private const int NameAt = 19;

    /// <exception cref="FileFailure">It is no folder, or cannot be read.</exception>
    public static List<string> In(string folder, int most = int.MaxValue) =>
        Read(FileCalls.OpenAt(FileCalls.CurrentFolder, folder, FolderFlags, 0), folder, most);

    /// <summary>Of an open folder, from its beginning.</summary>
    /// <param name="named">For the failure's text.</param>
    public static List<string> Of(int folder, string named, int most) =>
        Read(FileCalls.OpenAt(folder, ".", FolderFlags, 0), named, most);

    private static int FolderFlags => FileCalls.ReadOnly | FileCalls.FolderOnly | FileCalls.CloseOnExec;

    private static List<string> Read(int descriptor, string named, int most)
    {
        if (descriptor < 0)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), named);
        }

        var stream = FileCalls.OpenFolderStream(descriptor);
        if (stream == 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _ = Libc.Close(descriptor);
            throw FileFailure.FromErrorNumber(error, named);
        }

        try
        {
            return Read(stream, named, most);
        }
        finally
        {
            _ = FileCalls.CloseFolderStream(stream);
        }
    }

    private static List<string> Read(nint stream, string named, int most)
    {
        var names = new List<string>();
        while (names.Count < most)
        {
            var entry = FileCalls.ReadFolder(stream);
            if (entry is null)
            {
                return Marshal.GetLastPInvokeError() is 0 or Errno.ENOENT
                    ? names : throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), named);
            }

            var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameAt);
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
            {
                names.Add(FileNameText.Decode(name));
            }
        }

        return names;
    }
}
