using Sandbox.Agent.Files;
using Sandbox.Contracts.Envd;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Files;

public sealed class FileTreeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Describe_File_TellsModeOwnerAndGoPermissions()
    {
        var path = _folder.File("f");
        File.WriteAllText(path, "12345");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        var entry = FileEntries.Describe(path, new OwnerNames());

        Assert.Equal(("f", path, 5L, 0b110_100_000u, "-rw-r-----"), (entry.Name, entry.Path, entry.Size, entry.Mode, entry.Permissions));
        Assert.Equal(FileType.FILE_TYPE_FILE, entry.Type);
        Assert.Equal(Environment.UserName, entry.Owner);
        Assert.NotEqual(default, entry.ModifiedTime);
    }

    [Fact]
    public void Describe_Link_ShowsItsTargetsType()
    {
        Directory.CreateDirectory(_folder.File("d"));
        File.CreateSymbolicLink(_folder.File("one"), _folder.File("two"));
        File.CreateSymbolicLink(_folder.File("two"), "d");

        var entry = FileEntries.Describe(_folder.File("one"), new OwnerNames());

        Assert.Equal(FileType.FILE_TYPE_DIRECTORY, entry.Type);
        Assert.Equal(_folder.File("d"), entry.SymlinkTarget);
        Assert.Equal("Lrwxrwxrwx", entry.Permissions);
    }

    [Fact]
    public void Describe_LinkToNothing_StaysALink()
    {
        File.CreateSymbolicLink(_folder.File("l"), "nowhere");

        Assert.Equal(FileType.FILE_TYPE_SYMLINK, FileEntries.Describe(_folder.File("l"), new OwnerNames()).Type);
    }

    [Fact]
    public void Describe_StickyFolder_PrintsAsGoDoes() =>
        Assert.Equal("dtrwxrwxrwx", new FileStatus(0x4000 | 0x3FF, 0, 0, 0, default).GoPermissions());

    [Fact]
    public void Describe_Missing_IsNotFound() =>
        Assert.Equal(
            FileFailureKind.NotFound, Assert.Throws<FileFailure>(() => FileEntries.Describe(_folder.File("no"), new OwnerNames())).Kind);

    [Fact]
    public void List_WithDepth_IsPreOrderByName()
    {
        Directory.CreateDirectory(_folder.File("b/inner/deep"));
        File.WriteAllText(_folder.File("a"), "");
        File.WriteAllText(_folder.File("b/x"), "");

        var paths = FileTree.List(_folder.Path, 2, CancellationToken.None).Select(entry => entry.Path);

        Assert.Equal([_folder.File("a"), _folder.File("b"), _folder.File("b/inner"), _folder.File("b/x")], paths);
    }

    [Fact]
    public void List_File_IsRefused()
    {
        File.WriteAllText(_folder.File("f"), "");

        Assert.Equal(
            FileFailureKind.NotDirectory,
            Assert.Throws<FileFailure>(() => FileTree.List(_folder.File("f"), 1, CancellationToken.None)).Kind);
    }

    [Fact]
    public void MakeFolder_Twice_SaysThatItExists()
    {
        FileTree.MakeFolder(_folder.File("a/b/c"), owner: null);

        Assert.True(Directory.Exists(_folder.File("a/b/c")));
        Assert.Equal(
            FileFailureKind.AlreadyExists, Assert.Throws<FileFailure>(() => FileTree.MakeFolder(_folder.File("a/b/c"), owner: null)).Kind);
    }

    [Fact]
    public void MakeFolder_BelowAFile_SaysThatAParentIsNoDirectory()
    {
        File.WriteAllText(_folder.File("f"), "");

        Assert.Throws<FileFailure>(() => FileTree.MakeFolder(_folder.File("f/sub"), owner: null));
    }

    [Fact]
    public void Remove_Tree_LeavesWhatItsLinksPointTo()
    {
        Directory.CreateDirectory(_folder.File("kept"));
        File.WriteAllText(_folder.File("kept/file"), "");
        Directory.CreateDirectory(_folder.File("gone"));
        File.CreateSymbolicLink(_folder.File("gone/link"), _folder.File("kept"));

        FileTree.Remove(_folder.File("gone"));
        FileTree.Remove(_folder.File("gone"));

        Assert.False(Directory.Exists(_folder.File("gone")));
        Assert.True(File.Exists(_folder.File("kept/file")));
    }

    [Fact]
    public void Move_OverAFile_ReplacesItAndMakesParents()
    {
        File.WriteAllText(_folder.File("a"), "new");

        FileTree.Move(_folder.File("a"), _folder.File("x/y"), owner: null);

        Assert.Equal("new", File.ReadAllText(_folder.File("x/y")));
        Assert.False(File.Exists(_folder.File("a")));
    }

    [Fact]
    public void Move_ToAnotherFileSystem_TakesEverythingAlong()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "needs a second file system (/dev/shm)");
        Directory.CreateDirectory(_folder.File("tree/sub"));
        File.WriteAllText(_folder.File("tree/sub/file"), "content");
        File.CreateSymbolicLink(_folder.File("tree/link"), "sub/file");
        var elsewhere = $"/dev/shm/{Path.GetFileName(_folder.Path)}";
        try
        {
            FileTree.Move(_folder.File("tree"), elsewhere, owner: null);

            Assert.Equal("content", File.ReadAllText($"{elsewhere}/link"));
            Assert.False(Directory.Exists(_folder.File("tree")));
        }
        finally
        {
            FileTree.Remove(elsewhere);
        }
    }

    [Fact]
    public void Move_ToAnotherFileSystem_WhileFilesAreRemoved_TakesAlongWhatIsThere()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "needs a second file system (/dev/shm)");
        var elsewhere = $"/dev/shm/{Path.GetFileName(_folder.Path)}";
        for (var round = 0; round < 30; round++)
        {
            Directory.CreateDirectory(_folder.File("tree/sub"));
            File.WriteAllText(_folder.File("tree/stays"), "content");
            List<string> going = [.. Enumerable.Range(0, 200).Select(number => _folder.File($"tree/sub/{number}"))];
            going.ForEach(file => File.WriteAllText(file, ""));
            var remover = new Thread(() => going.ForEach(RemoveIfThere));
            try
            {
                remover.Start();
                FileTree.Move(_folder.File("tree"), elsewhere, owner: null);

                Assert.Equal("content", File.ReadAllText($"{elsewhere}/stays"));
            }
            finally
            {
                remover.Join();
                FileTree.Remove(elsewhere);
            }
        }
    }

    /// <summary>The folder may have been moved away already.</summary>
    private static void RemoveIfThere(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }
}
