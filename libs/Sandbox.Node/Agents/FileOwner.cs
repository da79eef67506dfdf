using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Node.Agents;

/// <summary>The user and the group that a file belongs to, by their numbers on this machine.</summary>
internal sealed record FileOwner(uint User, uint Group)
{
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;

    // struct statx is the same on every architecture.
    private const int StatSize = 256, UserAt = 20, GroupAt = 24;

    /// <exception cref="IOException">There is no such file, or it may not be looked at.</exception>
    public static FileOwner Of(string path)
    {
        var found = new byte[StatSize];
        return StatX(AtFdCwd, Terminated(path), AtSymlinkNoFollow, 0, found) == 0
            ? new FileOwner(BitConverter.ToUInt32(found, UserAt), BitConverter.ToUInt32(found, GroupAt))
            : throw Failed($"The owner of {path} cannot be told");
    }

    /// <summary>Gives the file to this owner, which only root may do; nothing where it is theirs.</summary>
    /// <exception cref="IOException">That is not allowed here.</exception>
    public void ApplyTo(string path)
    {
        if (Of(path) != this && LChown(Terminated(path), User, Group) != 0)
        {
            throw Failed($"{path} cannot be given to user {User}");
        }
    }

    private static byte[] Terminated(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    private static IOException Failed(string what) => new($"{what}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, byte[] path, int flags, uint mask, byte[] found);

    [DllImport("libc", EntryPoint = "lchown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int LChown(byte[] path, uint user, uint group);
}
