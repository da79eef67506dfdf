using System.Diagnostics;
using System.Runtime.InteropServices;
using Xunit;

namespace Sandbox.Testing.Networks;

/// <summary>A network namespace of its own in which pairs of interfaces are made, get addresses and go away again, as they do on a
/// machine that starts and ends containers.</summary>
public static class ChangingNetwork
{
    private const int NewNetwork = 0x4000_0000; // CLONE_NEWNET
    private const int Writers = 4;

    private static readonly string[] Programs = ["/usr/sbin/ip", "/usr/bin/ip", "/sbin/ip"];

    /// <summary>Of each writer. Listing the interfaces with .NET failed about once while a hundred pairs came and went.</summary>
    private const int Pairs = 100;

    /// <summary>Calls this again and again, on a thread inside the namespace, for as long as interfaces come and go. What it throws
    /// is thrown here. Skips the test where the namespace cannot be made.</summary>
    /// <returns>How often it was called.</returns>
    public static int During(Action act)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a network namespace of its own needs root");
        Assert.SkipUnless(Programs.Any(File.Exists), "needs ip (Debian: iproute2)");
        var calls = 0;
        Exception? failed = null;
        var thread = new Thread(() =>
        {
            try
            {
                calls = CallInside(act);
            }
            catch (Exception exception)
            {
                failed = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failed is null ? calls : throw new InvalidOperationException($"while interfaces came and went: {failed.Message}", failed);
    }

    /// <summary>The namespace is the thread's, and of the processes that it starts; it goes with them.</summary>
    private static int CallInside(Action act)
    {
        if (Unshare(NewNetwork) != 0)
        {
            throw new InvalidOperationException($"unshare(CLONE_NEWNET): {Marshal.GetLastPInvokeErrorMessage()}");
        }

        using var folder = new TempFolder();
        var writers = Enumerable.Range(0, Writers).Select(writer => Write(folder, writer)).ToList();
        try
        {
            var calls = 0;
            while (writers.Exists(writer => !writer.HasExited))
            {
                act();
                calls++;
            }

            Assert.All(
                writers, writer =>
                    Assert.True(writer.ExitCode == 0, $"ip was to make and remove interfaces; it ended with {writer.ExitCode}"));
            return calls;
        }
        finally
        {
            foreach (var writer in writers)
            {
                writer.Kill();
                writer.WaitForExit();
                writer.Dispose();
            }
        }
    }

    private static Process Write(TempFolder folder, int writer)
    {
        var batch = folder.File($"{writer}");
        File.WriteAllLines(batch, Enumerable.Range(0, Pairs).SelectMany(pair => (string[])[
            $"link add a{writer}x{pair} type veth peer name b{writer}x{pair}",
            $"addr add 10.{writer + 1}.{pair}.1/24 dev a{writer}x{pair}",
            $"link set a{writer}x{pair} up",
            $"link set b{writer}x{pair} up",
            $"link del a{writer}x{pair}"]));
        return Process.Start("ip", ["-batch", batch]);
    }

    [DllImport("libc", EntryPoint = "unshare", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unshare(int flags);
}
