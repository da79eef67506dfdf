using Sandbox.Testing;

namespace Sandbox.Standalone.Tests;

public sealed class DataFolderTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Claim_OfAFolderThatIsNotThere_MakesItForItsOwnerAlone()
    {
        var path = _temp.File("data");

        using var folder = Owned(path);

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        Assert.Equal(Path.Combine(path, "api.sock"), folder.Socket);
    }

    [Fact]
    public void Claim_WhileSomebodyOwnsIt_IsInUse()
    {
        using var first = Owned(_temp.File("data"));

        Assert.IsType<FolderClaim.InUse>(DataFolder.Claim(_temp.File("data")));
    }

    [Fact]
    public void Claim_AfterTheOwnerLeft_HasTheSameClusterId()
    {
        var first = Owned(_temp.File("data"));
        first.Dispose();

        using var second = Owned(_temp.File("data"));

        Assert.Equal(first.ClusterId, second.ClusterId);
    }

    [Fact]
    public void Claim_OfTwoFolders_HasTwoClusterIds()
    {
        using var one = Owned(_temp.File("one"));
        using var other = Owned(_temp.File("other"));

        Assert.NotEqual(one.ClusterId, other.ClusterId);
    }

    [Fact]
    public void Claim_OfAnOpenFolderOfSomethingElse_IsRefusedAndLeavesItAlone()
    {
        var path = Directory.CreateDirectory(_temp.File("shared")).FullName;
        File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.OtherWrite);
        File.WriteAllText(Path.Combine(path, "theirs"), "");

        var refused = Assert.IsType<FolderClaim.Unusable>(DataFolder.Claim(path));

        Assert.Equal(
            $"the data folder {path} is open to other users and holds something else; choose another, or chmod 700 it", refused.Reason);
        Assert.Equal(OwnerOnly | UnixFileMode.OtherWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void Claim_OfAPathThatIsTooLongForSockets_SaysHowLongItMayBe()
    {
        var path = _temp.File(new string('x', DataFolder.MaxPathBytes));

        var refused = Assert.IsType<FolderClaim.Unusable>(DataFolder.Claim(path));

        Assert.Contains($"at most {DataFolder.MaxPathBytes} are possible", refused.Reason, StringComparison.Ordinal);
        Assert.False(Directory.Exists(path));
    }

    [Fact]
    public void Claim_WhereAFileIs_IsRefused()
    {
        File.WriteAllText(_temp.File("data"), "");

        Assert.IsType<FolderClaim.Unusable>(DataFolder.Claim(_temp.File("data")));
    }

    private static DataFolder Owned(string path) => Assert.IsType<FolderClaim.Owned>(DataFolder.Claim(path)).Folder;
}
