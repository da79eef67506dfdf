using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>A folder of a running sandbox as this machine's root sees it, past everything under test.</summary>
internal static class SandboxTree
{
    public static async Task<string> RootOfAsync(SandboxInstance sandbox) =>
        (string)(await DockerEngine.InspectAsync(
            ContainerName.Of(sandbox.Incarnation, new WorkerOptions()), CancellationToken.None))!["GraphDriver"]!["Data"]!["MergedDir"]!;

    /// <summary>Gives it one of each kind of thing that an image may lose.</summary>
    public static async Task FillAsync(SandboxInstance sandbox)
    {
        var tree = Path.Combine(await RootOfAsync(sandbox), "tree");
        Run("/bin/bash", "-ec", $"""
            mkdir -p '{tree}/folder' && cd '{tree}'
            echo content > file && ln file folder/hard && ln -s ../nowhere symbolic && mkfifo pipe
            echo owned > owned && chown 1234:4321 owned && chown -h 77:88 symbolic
            echo set > suid && chmod 6755 suid && chmod 1777 folder
            echo capable > capable && echo noted > noted && truncate -s 3M sparse && echo tail >> sparse
            printf odd > $'odd\xff\nname' && printf long > {new string('l', 200)}
            """);
        SetXattr(Path.Combine(tree, "capable"), "security.capability", [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        SetXattr(Path.Combine(tree, "noted"), "user.note", [0xff, 0, 1]);
        SetXattr(Path.Combine(tree, "folder"), "user.folder", "yes"u8);
        Run("/bin/bash", "-ec",
            $"cd '{tree}' && find . -mindepth 1 -print0 | xargs -0 touch -h -d '2020-02-03 04:05:06.123456789 UTC' && touch -d "
                + $"'2019-01-01 00:00:00.987654321 UTC' .");
    }

    /// <summary>Of names, kinds, contents, modes, owners, times to the nanosecond, links and extended attributes.</summary>
    public static async Task<string> HashAsync(SandboxInstance sandbox, string folder = "tree")
    {
        var start = new ProcessStartInfo(
            "tar",
            ["--create", "--sort=name", "--format=posix", "--pax-option=delete=atime,delete=ctime", "--numeric-owner", "--xattrs",
                "--xattrs-include=*", "--acls", "-C", await RootOfAsync(sandbox), folder])
        { RedirectStandardOutput = true };
        using var tar = System.Diagnostics.Process.Start(start)!;
        var hash = await SHA256.HashDataAsync(tar.StandardOutput.BaseStream);
        await tar.WaitForExitAsync();
        Assert.True(tar.ExitCode == 0, $"tar could not read the tree: {tar.ExitCode}");
        return Convert.ToHexStringLower(hash);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {said}");
    }

    private static void SetXattr(string path, string name, ReadOnlySpan<byte> value) =>
        Assert.True(
            LSetXattr(path, name, value.ToArray(), value.Length, 0) == 0,
            $"{name} could not be set: {Marshal.GetLastPInvokeErrorMessage()}");

    [DllImport(
        "libc", EntryPoint = "lsetxattr", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false,
        ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int LSetXattr(string path, string name, byte[] value, nint size, int flags);
}
