using Sandbox.Contracts.Files;
using Sandbox.Testing;

namespace Sandbox.Storage.Tests.Files;

public sealed class OwnerOnlyFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_OverAFileThatOthersRead_LeavesOneThatTheyDoNot()
    {
        var file = _folder.File("secret");
        File.WriteAllText(file, "old");
        File.SetUnixFileMode(file, OwnerOnlyFile.Mode | UnixFileMode.OtherRead);

        OwnerOnlyFile.Write(file, "new");

        Assert.Equal((OwnerOnlyFile.Mode, "new"), (File.GetUnixFileMode(file), File.ReadAllText(file)));
        Assert.Equal([file], Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Write_OverALink_ReplacesTheLinkAndLeavesWhatItLedTo()
    {
        var (file, other) = (_folder.File("secret"), _folder.File("other"));
        File.WriteAllText(other, "another's");
        File.CreateSymbolicLink(file, other);

        OwnerOnlyFile.Write(file, "secret");

        Assert.Equal(("another's", "secret"), (File.ReadAllText(other), File.ReadAllText(file)));
        Assert.Null(new FileInfo(file).LinkTarget);
    }

    [Fact]
    public void Write_ThatFails_LeavesTheOldFileAndNoOther()
    {
        var file = _folder.File("secret");
        OwnerOnlyFile.Write(file, "old");

        Assert.Throws<InvalidOperationException>(() => OwnerOnlyFile.Write(file, _ => throw new InvalidOperationException()));

        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal([file], Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public async Task ReadOrCreate_ByManyAtOnce_GivesAllTheSame()
    {
        var file = _folder.File("key");

        var read = await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(
            () => OwnerOnlyFile.ReadOrCreate(file, () => [(byte)number, .. new byte[31]]))));

        Assert.Single(read.Select(Convert.ToHexString).Distinct());
        Assert.Equal(OwnerOnlyFile.Mode, File.GetUnixFileMode(file));
        Assert.Equal([file], Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public void Lock_InThePlaceOfALink_IsRefused()
    {
        var file = _folder.File("lock");
        File.CreateSymbolicLink(file, _folder.File("elsewhere"));

        var refused = Assert.Throws<IOException>(() => OwnerOnlyFile.Lock(file));

        Assert.Contains("is a link", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("elsewhere")), "a lock was to follow no link");
    }

    [Fact]
    public void Lock_HeldByAnother_IsRefused_AndFreeAfterIt()
    {
        var file = _folder.File("lock");
        using (OwnerOnlyFile.Lock(file))
        {
            Assert.Throws<IOException>(() => OwnerOnlyFile.Lock(file));
        }

        using var again = OwnerOnlyFile.Lock(file);
        Assert.Equal(OwnerOnlyFile.Mode, File.GetUnixFileMode(file));
    }

    [Fact]
    public void EnsureFolder_ThatIsMissing_IsItsOwnersAlone()
    {
        var folder = _folder.File("data");

        OwnerOnlyFile.EnsureFolder(folder);

        Assert.Equal(OwnerOnlyFile.FolderMode, File.GetUnixFileMode(folder));
    }

    [Theory]
    [InlineData(OwnerOnlyFile.Mode, false, false)]
    [InlineData(OwnerOnlyFile.Mode | UnixFileMode.GroupRead, true, false)]
    [InlineData(OwnerOnlyFile.Mode | UnixFileMode.GroupWrite, true, false)]
    [InlineData(OwnerOnlyFile.Mode | UnixFileMode.OtherRead, true, false)]
    [InlineData(OwnerOnlyFile.Mode | UnixFileMode.OtherWrite, true, true)]
    public void Openness_OfAFile_FollowsItsMode(UnixFileMode mode, bool isOpen, bool isWritableByAll)
    {
        var file = _folder.File("secret");
        File.WriteAllText(file, "");
        File.SetUnixFileMode(file, mode);

        Assert.Equal((isOpen, isWritableByAll), (OwnerOnlyFile.IsOpenToOthers(file), OwnerOnlyFile.IsWritableByAll(file)));
    }
}
