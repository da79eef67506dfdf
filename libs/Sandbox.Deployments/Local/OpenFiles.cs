using System.Globalization;
using System.Runtime.InteropServices;

namespace Sandbox.Deployments.Local;

/// <summary>
/// The open files of this process. What it opens itself ends with the program that it becomes in a child; what its own starter
/// lent it (a lock, a pipe, a folder) does not, and would be open in every sandbox that is a process of this machine.
/// </summary>
internal static class OpenFiles
{
    private const int SetFlags = 2; // F_SETFD
    private const int CloseOnExec = 1; // FD_CLOEXEC
    private const int LastOfStandard = 2;

    /// <summary>Keeps all but standard input, output and error from whatever this process starts.</summary>
    public static void KeepFromChildren()
    {
        foreach (var open in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            // One that has been closed meanwhile answers with an error, which is as good.
            if (int.Parse(Path.GetFileName(open), CultureInfo.InvariantCulture) is > LastOfStandard and var descriptor)
            {
                _ = FileControl(descriptor, SetFlags, CloseOnExec);
            }
        }
    }

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileControl(int descriptor, int command, nint argument);
}
