using Sandbox.Agent.Files;
using Sandbox.Agent.Tests.Native;
using Sandbox.Contracts.Envd;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Files;

/// <summary>Paths mean what they mean to the kernel, and names are bytes (docs/small-cases.md).</summary>
public sealed class KernelPathTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        FileTree.Remove(_folder.Path);
        Directory.CreateDirectory(_folder.Path);
        _folder.Dispose();
    }

    // C02: relative links behind links, as package managers make them.
    [Fact]
    public async Task Path_ThroughALinkToARelativeLink_LeadsWhereTheKernelGoes()
    {
        foreach (var folder in (string[])["w/a", "w/store/pkg", "w/store/shared", "w/a/shared"])
        {
            Directory.CreateDirectory(_folder.File(folder));
        }

        File.CreateSymbolicLink(_folder.File("w/a/pkg"), "../store/pkg");
        File.CreateSymbolicLink(_folder.File("w/store/pkg/cfg"), "../shared/cfg");

        await WriteAsync("w/a/pkg/cfg", "made");
        await WriteAsync("w/a/pkg/cfg", "written");

        Assert.Equal("written", await File.ReadAllTextAsync(_folder.File("w/store/shared/cfg")));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("w/a/shared")));
        Assert.Equal(
            _folder.File("w/store/shared/cfg"), FileEntries.Describe(_folder.File("w/a/pkg/cfg"), new OwnerNames()).SymlinkTarget);
    }

    // C02: the parent of what a link leads to, not the folder that the link is in.
    [Theory]
    [InlineData("w/a/pkg/../x", "w/store/x")]
    [InlineData("w/a/./pkg//../../x", "w/x")]
    [InlineData("w/a/inner/../x", "w/a/x")]
    [InlineData("w/a/missing/../x", "w/a/x")]
    public void Resolve_DotsBehindALink_AreTheParentOfItsTarget(string path, string resolved)
    {
        Directory.CreateDirectory(_folder.File("w/a/inner"));
        Directory.CreateDirectory(_folder.File("w/store/pkg"));
        File.CreateSymbolicLink(_folder.File("w/a/pkg"), "../store/pkg");

        Assert.Equal(_folder.File(resolved), SandboxPath.Resolve(_folder.File(path), "/"));
    }

    // C06: as a shell's > does.
    [Fact]
    public async Task Write_OverAFileWithTwoNames_ChangesBoth()
    {
        await File.WriteAllTextAsync(_folder.File("f"), "a long first content");
        await Spawning.RunAsync("ln", _folder.File("f"), _folder.File("g"));
        var before = FileStatus.Of(_folder.File("f"), follow: true);

        await WriteAsync("f", "short");

        Assert.Equal("short", await File.ReadAllTextAsync(_folder.File("g")));
        Assert.Equal(before.Inode, FileStatus.Of(_folder.File("f"), follow: true).Inode);
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.Path).Length);
    }

    // C06: what hangs on the inode stays.
    [Fact]
    public async Task Write_OverAFileWithAttributes_KeepsThem()
    {
        await WriteAsync("f", "old");
        FileMetadata.Write(_folder.File("f"), new Dictionary<string, string> { ["a"] = "1" });
        Assert.SkipWhen(FileMetadata.Read(_folder.File("f")) is null, "this file system keeps no user attributes");

        await WriteAsync("f", "new");

        Assert.Equal("1", FileMetadata.Read(_folder.File("f"))?["a"]);
    }

    // C07
    [Fact]
    public async Task Names_OfAnyBytes_AreListedWrittenMovedAndRemoved()
    {
        const string odd = "x\uEFFFy";
        Directory.CreateDirectory(_folder.File("d"));
        await WriteAsync($"d/{odd}", "content");
        await WriteAsync("d/\uEFEE\uEFBE\uEF80", "its own name looks like an escape");

        var entries = FileTree.List(_folder.File("d"), 1, CancellationToken.None);

        Assert.Equal([odd, "\uEFEE\uEFBE\uEF80"], entries.Select(entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.All(entries, entry => Assert.Equal(FileType.FILE_TYPE_FILE, entry.Type));
        FileTree.Move(_folder.File($"d/{odd}"), _folder.File("plain"), owner: null);
        Assert.Equal("content", await File.ReadAllTextAsync(_folder.File("plain")));
        FileTree.Move(_folder.File("plain"), _folder.File($"d/{odd}"), owner: null);
        FileTree.Remove(_folder.File("d"));
        Assert.False(Directory.Exists(_folder.File("d")), "the folder was to be gone with all its names");
    }

    // C07, C22: what has no path that the kernel takes.
    [Fact]
    public async Task Remove_OfAVeryDeepTree_LeavesNothing()
    {
        Directory.CreateDirectory(_folder.File("deep"));
        await Spawning.RunAsync(
            "python3", "-c", $"""
                import os
                os.chdir('{_folder.File("deep")}')
                for i in range(200):
                    os.mkdir(b'd' * 50); os.mkdir('other'); open(b'f\xff', 'w').close(); os.chdir(b'd' * 50)
                """);

        FileTree.Remove(_folder.File("deep"));

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Remove_OfAFolderWithMoreEntriesThanABatch_LeavesNothing()
    {
        Directory.CreateDirectory(_folder.File("many"));
        for (var i = 0; i < 4200; i++)
        {
            Directory.CreateDirectory(_folder.File($"many/{i}/in"));
        }

        FileTree.Remove(_folder.File("many"));

        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    // C16
    [Fact]
    public async Task Write_ToANamedPipe_IsRefusedAtOnce()
    {
        await Spawning.RunAsync("mkfifo", _folder.File("pipe"));

        var failure = await Assert.ThrowsAsync<FileFailure>(() => WriteAsync("pipe", "x"));

        Assert.Contains("named pipe", failure.Message, StringComparison.Ordinal);
    }

    // C24: files of the kernel are opened; nothing can be put beside them, and nothing in their place.
    [Fact]
    public async Task Write_ToAFileOfTheKernel_IsTakenByIt()
    {
        var before = (await File.ReadAllTextAsync("/proc/self/oom_score_adj")).Trim();
        await FileWriter.WriteAsync(
            "/proc/self/oom_score_adj", new MemoryStream("321"u8.ToArray()), owner: null, TestContext.Current.CancellationToken);

        Assert.Equal("321", (await File.ReadAllTextAsync("/proc/self/oom_score_adj")).Trim());
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may lower it again");
        await FileWriter.WriteAsync(
            "/proc/self/oom_score_adj", new Passing(before), owner: null, TestContext.Current.CancellationToken);
        Assert.Equal(before, (await File.ReadAllTextAsync("/proc/self/oom_score_adj")).Trim());
    }

    // A move between file systems is a copy: nothing of the files may be lost by it (the kind of C06).
    [Fact]
    public async Task Move_ToAnotherFileSystem_KeepsModesAndOddNames()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "needs a second file system (/dev/shm)");
        var elsewhere = $"/dev/shm/{Path.GetFileName(_folder.Path)}";
        await WriteAsync("tree/\uEFFF", "content");
        File.SetUnixFileMode(_folder.File("tree"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            FileTree.Move(_folder.File("tree"), elsewhere, owner: null);

            Assert.Equal("\uEFFF", Assert.Single(FolderNames.In(elsewhere)));
            Assert.Equal(0x1C0u, FileStatus.Of(elsewhere, follow: false).Permissions);
            Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
        }
        finally
        {
            FileTree.Remove(elsewhere);
        }
    }

    // A pipe cannot be copied: then nothing is, and what was there is all there.
    [Fact]
    public async Task Move_ToAnotherFileSystemThatFails_LeavesNothingBehind()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "needs a second file system (/dev/shm)");
        var elsewhere = $"/dev/shm/{Path.GetFileName(_folder.Path)}";
        await WriteAsync("tree/a", "content");
        await Spawning.RunAsync("mkfifo", _folder.File("tree/pipe"));

        Assert.Throws<FileFailure>(() => FileTree.Move(_folder.File("tree"), elsewhere, owner: null));

        Assert.False(Directory.Exists(elsewhere), "half a copy was left behind");
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder.File("tree")).Length);
    }

    private Task WriteAsync(string name, string content) => FileWriter.WriteAsync(
        SandboxPath.Resolve(name, _folder.Path), new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), owner: null,
        TestContext.Current.CancellationToken);

    /// <summary>As from a connection.</summary>
    private sealed class Passing(string text) : MemoryStream(System.Text.Encoding.UTF8.GetBytes(text))
    {
        public override bool CanSeek => false;
    }
}
