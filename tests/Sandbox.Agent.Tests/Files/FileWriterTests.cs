using Sandbox.Agent.Files;
using Sandbox.Agent.Tests.Native;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Files;

public sealed class FileWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_AnyBytes_ComeBackAsTheyWere()
    {
        var bytes = new byte[300_000];
        new Random(1).NextBytes(bytes);
        "a\r\nb\n\0"u8.CopyTo(bytes);

        await WriteAsync("deep/er/file", new MemoryStream(bytes));

        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.File("deep/er/file"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Write_OverAFile_KeepsItsMode()
    {
        var script = _folder.File("run.sh");
        await File.WriteAllTextAsync(script, "a long first content");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        await WriteAsync("run.sh", "short");

        Assert.Equal("short", await File.ReadAllTextAsync(script));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(script));
    }

    [Fact]
    public async Task Write_ThroughALink_ChangesTheTarget()
    {
        File.CreateSymbolicLink(_folder.File("link"), "target");

        await WriteAsync("link", "one");
        await WriteAsync("link", "two");

        Assert.Equal("two", await File.ReadAllTextAsync(_folder.File("target")));
        Assert.NotNull(new FileInfo(_folder.File("link")).LinkTarget);
    }

    [Fact]
    public async Task Write_ToAFolder_IsRefused() =>
        Assert.Equal(FileFailureKind.IsDirectory, (await Assert.ThrowsAsync<FileFailure>(() => WriteAsync("", "x"))).Kind);

    [Fact]
    public async Task Write_ToADeviceThatIsFull_SaysSo()
    {
        var failure = await Assert.ThrowsAsync<FileFailure>(
            () => FileWriter.WriteAsync("/dev/full", Content("x"), owner: null, TestContext.Current.CancellationToken));

        Assert.Equal(FileFailureKind.NoSpace, failure.Kind);
        Assert.Equal("not enough disk space available for '/dev/full'", failure.Message);
    }

    [Fact]
    public async Task Write_ThatBreaksOff_LeavesTheOldFileAndNothingElse()
    {
        await WriteAsync("f", "old");

        await Assert.ThrowsAsync<InvalidOperationException>(() => WriteAsync("f", new BreaksOff()));

        Assert.Equal("old", await File.ReadAllTextAsync(_folder.File("f")));
        Assert.Equal([_folder.File("f")], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Write_OnAFullDisk_LeavesTheOldFileAndNothingElse()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small file system needs root");
        var disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        await Spawning.RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk);
        try
        {
            await WriteAsync("disk/f", "old");

            var failure = await Assert.ThrowsAsync<FileFailure>(() => WriteAsync("disk/f", new MemoryStream(new byte[200_000])));

            Assert.Equal(FileFailureKind.NoSpace, failure.Kind);
            Assert.Equal("old", await File.ReadAllTextAsync(_folder.File("disk/f")));
            Assert.Single(Directory.GetFileSystemEntries(disk));
        }
        finally
        {
            await Spawning.RunAsync("umount", disk);
        }
    }

    [Fact]
    public async Task Write_OverAMountOfItsOwn_RewritesIt()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting needs root");
        await WriteAsync("source", "first");
        await WriteAsync("mounted", "");
        await Spawning.RunAsync("mount", "--bind", _folder.File("source"), _folder.File("mounted"));
        try
        {
            await WriteAsync("mounted", "second");

            Assert.Equal("second", await File.ReadAllTextAsync(_folder.File("source")));
        }
        finally
        {
            await Spawning.RunAsync("umount", _folder.File("mounted"));
        }
    }

    [Fact]
    public async Task Open_NamedPipe_IsRefusedInsteadOfWaitedFor()
    {
        await Spawning.RunAsync("mkfifo", _folder.File("pipe"));

        Assert.Throws<FileFailure>(() => FileReader.Open(_folder.File("pipe")));
    }

    [Fact]
    public async Task Metadata_Written_IsReplacedEachTime()
    {
        await WriteAsync("f", "x");
        FileMetadata.Write(_folder.File("f"), new Dictionary<string, string> { ["a"] = "1", ["b"] = "ü" });
        Assert.SkipWhen(FileMetadata.Read(_folder.File("f")) is null, "this file system keeps no user attributes");

        Assert.Equal("ü", FileMetadata.Read(_folder.File("f"))!["b"]);
        FileMetadata.Write(_folder.File("f"), new Dictionary<string, string> { ["c"] = "" });
        Assert.Equal([new("c", "")], FileMetadata.Read(_folder.File("f"))!);
    }

    private static MemoryStream Content(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));

    private Task WriteAsync(string name, string content) => WriteAsync(name, Content(content));

    private Task WriteAsync(string name, Stream content) =>
        FileWriter.WriteAsync(SandboxPath.Resolve(name, _folder.Path), content, owner: null, TestContext.Current.CancellationToken);

    // As a connection: it cannot seek, so that nobody can know whether all of it will come.
    private sealed class BreaksOff : MemoryStream
    {
        private int _reads;

        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            _reads++ == 0 ? new(buffer.Length) : throw new InvalidOperationException("the sender is gone");
    }
}
