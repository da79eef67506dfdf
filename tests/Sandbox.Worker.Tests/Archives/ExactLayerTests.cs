using Sandbox.Deployments.Archives;
using Sandbox.Deployments.Tools;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>C01: overlay2's own marks in a container's upper folder, without an engine: the attributes are what counts.</summary>
public sealed class ExactLayerTests : IDisposable
{
    private readonly TempFolder _upper = new();
    private readonly HostTools _tools = new();

    public void Dispose() => _upper.Dispose();

    [Theory]
    [InlineData("user.note", "anything", true)]
    [InlineData("trusted.overlay.opaque", "y", true)]
    [InlineData("trusted.overlay.origin", "x", true)]
    [InlineData("trusted.overlay.impure", "y", true)]
    [InlineData("trusted.overlay.opaque", "x", false)]
    [InlineData("trusted.overlay.redirect", "/usr/share/moved", false)]
    [InlineData("trusted.overlay.metacopy", "", false)]
    [InlineData("trusted.overlay.whiteout", "y", false)]
    [InlineData("trusted.overlay.anything-new", "y", false)]
    [InlineData("user.overlay.redirect", "moved", false)]
    public async Task Meaning_OfAFolderWithAnAttribute_IsKnownOrLeftToTheEngine(string attribute, string value, bool means)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "overlay2's attributes are root's");
        Directory.CreateDirectory(_upper.File("a/b"));
        await File.WriteAllTextAsync(_upper.File("a/file"), "", TestContext.Current.CancellationToken);
        var set = await _tools.RunAsync(
            "python3",
            ["-c", "import os,sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())", _upper.File("a/b"), attribute, value],
            null, Stream.Null, TestContext.Current.CancellationToken);
        Assert.SkipUnless(set.Succeeded, $"this file system or machine cannot set the attribute: {set.Complaint}");
        await using var names = new FileStream(
            _upper.File("a/names"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 4096, FileOptions.DeleteOnClose);

        Assert.Equal(means, await new ExactLayer(_tools).MeansWhatItShowsAsync(_upper.Path, names, TestContext.Current.CancellationToken));
        Assert.Equal(0, names.Length);
    }
}
