using Microsoft.Extensions.Options;
using Sandbox.Deployments.Archives;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Tools;
using Sandbox.Node;
using Sandbox.Storage.Archives;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>What archives may take of a node, without an engine.</summary>
public sealed class ArchiveSpaceTests : IDisposable
{
    private readonly TempFolder _data = new();
    private readonly EngineConnection _engine;
    private readonly ArchiveSpace _space;
    private long _free = 5000;

    public ArchiveSpaceTests()
    {
        var worker = Options.Create(new WorkerOptions { DataFolder = _data.Path });
        _engine = new EngineConnection(worker, TimeProvider.System);
        var options = Options.Create(new ArchiveOptions { KeepFree = "1000" });
        _space = new ArchiveSpace(_engine, new ArchiveFiles(worker), options, worker) { Free = _ => _free };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _space.Dispose();
        _engine.Dispose();
        _data.Dispose();
    }

    [Theory]
    [InlineData(5000, 3999, "the image is larger than the limit of 3999 bytes")]
    [InlineData(5000, 4001, "the image needs more than the 4000 bytes that are left for it on the disk of this node")]
    [InlineData(900, 4001, "the image needs more than the 0 bytes that are left for it on the disk of this node")]
    public void Limit_OfWhatIsWritten_IsTheSmallerOfTheSettingAndWhatTheDiskHas(long free, long setting, string refusal)
    {
        _free = free;

        var limit = _space.OfData("the image", setting);

        limit.Check(limit.Bytes);
        Assert.Equal(refusal, Assert.Throws<ArchiveException>(() => limit.Check(limit.Bytes + 1)).Message);
    }

    [Fact]
    public async Task Archives_WaitForEachOther_AndNotForARestore()
    {
        var first = await _space.EnterArchiveAsync(Token);

        var second = _space.EnterArchiveAsync(Token);
        using var restore = await _space.EnterRestoreAsync(Token);
        Assert.False(second.IsCompleted, "one archive was to be made at a time");

        first.Dispose();
        using var entered = await second;
    }

    [Fact]
    public async Task Stream_OfZerosAndBytes_IsTheSameInAFileWithHoles()
    {
        var path = _data.File("sparse");
        var content = new byte[(8 << 20) + 777];
        content[5 << 20] = 1;
        await using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 20))
        {
            await using var sparse = new SparseStream(file);
            await new MemoryStream(content).CopyToAsync(sparse, 64 << 10, Token);
            file.Position = 0;
            using var read = new MemoryStream();
            await file.CopyToAsync(read, Token);
            Assert.True(content.AsSpan().SequenceEqual(read.ToArray()), "what was written was to be read again");
        }

        using var printed = new MemoryStream();
        await new HostTools().RunAsync("stat", ["-c", "%b", path], null, printed, Token);
        var blocks = long.Parse(System.Text.Encoding.ASCII.GetString(printed.ToArray()), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(blocks * 512 < 1 << 20, $"nine tenths of it were to be holes, and it takes {blocks} blocks");
    }
}
