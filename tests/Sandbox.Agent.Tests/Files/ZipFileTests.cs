using System.IO.Compression;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Files;

/// <summary>C08: what an archive says is what is made; a backslash parts folders on Windows only.</summary>
public sealed class ZipFileTests : IDisposable
{
    private const int UnixFile = 0x81A4 << 16, UnixFolder = 0x41ED << 16, DosFolder = 0x10;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("back\\slash", UnixFile, true, "back\\slash", false)]
    [InlineData("dir\\", UnixFile, true, "dir\\", false)]
    [InlineData("folder", UnixFolder, true, "folder", true)]
    [InlineData("folder/", UnixFolder, true, "folder", true)]
    [InlineData("back\\slash", 0, false, "back/slash", false)]
    [InlineData("dir\\", DosFolder, false, "dir", true)]
    [InlineData("folder", DosFolder, false, "folder", true)]
    public async Task Extract_OfOneEntry_MakesWhatItIs(string name, int attributes, bool onUnix, string expected, bool isFolder)
    {
        var archive = _folder.File("a.zip");
        await using (var zip = new ZipArchive(File.Create(archive), ZipArchiveMode.Create))
        {
            var entry = zip.CreateEntry(name);
            entry.ExternalAttributes = attributes;
        }

        MarkAsMadeOn(archive, onUnix ? (byte)3 : (byte)0);
        await Sandbox.Agent.Files.ZipFile.ExtractAsync(archive, _folder.File("out"), TestContext.Current.CancellationToken);

        Assert.Equal(isFolder, Directory.Exists(_folder.File($"out/{expected}")));
        Assert.Equal(!isFolder, File.Exists(_folder.File($"out/{expected}")));
    }

    [Theory]
    [InlineData("..\\evil")]
    [InlineData("\\evil")]
    public async Task Extract_OutsideByBackslashes_IsRefused(string name)
    {
        var archive = _folder.File("a.zip");
        await using (var zip = new ZipArchive(File.Create(archive), ZipArchiveMode.Create))
        {
            zip.CreateEntry(name).ExternalAttributes = 0;
        }

        MarkAsMadeOn(archive, 0);

        await Assert.ThrowsAsync<Sandbox.Agent.Files.FileFailure>(
            () => Sandbox.Agent.Files.ZipFile.ExtractAsync(archive, _folder.File("out"), TestContext.Current.CancellationToken));
    }

    /// <summary>The system stands in the upper byte of "version made by" of each entry of the central directory.</summary>
    private static void MarkAsMadeOn(string archive, byte system)
    {
        var bytes = File.ReadAllBytes(archive);
        bytes[bytes.AsSpan().IndexOf("PK\u0001\u0002"u8) + 5] = system;
        File.WriteAllBytes(archive, bytes);
    }
}
