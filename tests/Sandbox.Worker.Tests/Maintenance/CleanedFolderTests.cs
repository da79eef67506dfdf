using Sandbox.Node.Maintenance;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>Names that must not lead a cleanup anywhere but where they say.</summary>
public sealed class CleanedFolderTests
{
    private const string Data = "/srv/sandbox/data";

    private static readonly string[] Targets =
    [
        "/", "/etc", "/usr", "/usr/lib", "/proc/self", "/dev/shm", "/root/a", "/var/lib/docker/overlay2", "/var/lib/docker", "/boot/a",
        "/bin/a", "/run/docker", Data, Data + "/archives", "/srv/sandbox",
    ];

    /// <summary>What people put around a path to get it past a check.</summary>
    private static readonly Func<string, string>[] Spellings =
    [
        path => path, path => path + "/", path => path + "//", path => path + "/.", path => "/" + path, path => "//" + path,
        path => "/." + path, path => "/./." + path, path => "/tmp/.." + path, path => "/tmp/a/../.." + path, path => path + "/a/..",
        path => path + "/../" + Path.GetFileName(path), path => path.TrimStart('/'), path => "." + path, path => ".." + path,
        path => "~" + path, path => path + "\0", path => path + "\0/tmp/a", path => path + "\n", path => "\n" + path, path => path + "\t",
        path => " " + path, path => path.Replace("/", "\\", StringComparison.Ordinal),
        path => path.Replace("/", "/\\", StringComparison.Ordinal),
        path => "file://" + path, path => "\\\\?" + path, path => path.Replace("/", "//", StringComparison.Ordinal),
        path => path.Replace("/", "/./", StringComparison.Ordinal), path => path.Replace("/", "/../", StringComparison.Ordinal),
        path => "/tmp/a" + path.Replace("/", "/..", StringComparison.Ordinal) + "/../../../../../../etc",
        path => "-delete" + path, path => "", path => path + "\r", path => path + "\u007f", path => path + "/\u0001",
    ];

    [Fact]
    public void Folder_SpelledToLeadElsewhere_IsRefused()
    {
        var corpus = Targets.SelectMany(target => Spellings.Select(spell => spell(target))).Distinct(StringComparer.Ordinal).ToList();

        Assert.InRange(corpus.Count, 300, int.MaxValue);
        Assert.All(corpus, folder => Assert.True(CleanedFolder.WhyRefused(folder, Data) is not null, $"'{folder}' was taken"));
    }

    [Theory]
    [InlineData("/srv/scratch")]
    [InlineData("/var/tmp/jobs")]
    [InlineData("/data/..hidden/a b")]
    [InlineData("/usrlocal/cache")]
    [InlineData("/srv/sandbox/data-of-others")]
    public void Folder_OfAnOperators_IsTaken(string folder) => Assert.Null(CleanedFolder.WhyRefused(folder, Data));

    [Theory]
    [InlineData("link")]
    [InlineData("link/inner")]
    [InlineData("link/inner/deeper")]
    public void Folder_BehindASymbolicLink_IsNotWhatItsNameSays(string name)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("real/inner/deeper"));
        Directory.CreateSymbolicLink(folder.File("link"), folder.File("real"));

        Assert.EndsWith("is a symbolic link", CleanedFolder.WhyNotFound(folder.File(name)), StringComparison.Ordinal);
        Assert.Null(CleanedFolder.WhyNotFound(folder.File("real/inner")));
        Assert.StartsWith("there is no folder", CleanedFolder.WhyNotFound(folder.File("real/none")), StringComparison.Ordinal);
    }
}
