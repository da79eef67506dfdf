using System.Formats.Tar;
using System.Net.Sockets;
using System.Text;
using Sandbox.Deployments.Archives;
using Sandbox.Deployments.Tools;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Archives;

/// <summary>C01: overlay2's own marks in a container's upper folder, without an engine: the attributes are what counts.</summary>
public sealed class ExactLayerTests : IDisposable
{
    private static readonly ByteLimit Any = ByteLimit.Of("the list", long.MaxValue);

    private readonly TempFolder _upper = new();
    private readonly TempFolder _files = new();
    private readonly HostTools _tools = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _upper.Dispose();
        _files.Dispose();
    }

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
        await File.WriteAllTextAsync(_upper.File("a/file"), "12345", Token);
        var set = await _tools.RunAsync(
            "python3",
            ["-c", "import os,sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())", _upper.File("a/b"), attribute, value],
            null, Stream.Null, Token);
        Assert.SkipUnless(set.Succeeded, $"this file system or machine cannot set the attribute: {set.Complaint}");

        // Whoever sets such an attribute does not get past the limits by it.
        var summary = await ReadAsync(_tools, Any);
        Assert.Equal((means, (4 * 1024L) + "12345".Length), (summary.MeansWhatItShows, summary.Bytes));
    }

    [Fact]
    public async Task Layer_OfAFolderWithFifosSocketsAndHardLinks_HasAllThatAnImageCanHave()
    {
        await File.WriteAllTextAsync(_upper.File("file"), "content", Token);
        await RunAsync("ln", _upper.File("file"), _upper.File("hard"));
        await RunAsync("mkfifo", _upper.File("fifo"));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_upper.File("socket")));
        using var names = new MemoryStream();
        using var layer = new MemoryStream();

        var summary = await ReadAsync(_tools, Any, names);
        await new ExactLayer(_tools).WriteContentAsync(_upper.Path, names, layer, Token);

        layer.Position = 0;
        var entries = new List<(string, TarEntryType)>();
        await using var tar = new TarReader(layer);
        while (await tar.GetNextEntryAsync(copyData: false, Token) is { } entry)
        {
            entries.Add((entry.Name.TrimEnd('/'), entry.EntryType));
        }

        var files = entries.Where(entry => entry.Item1 is "./file" or "./hard").Select(entry => entry.Item2);
        Assert.Equal([TarEntryType.RegularFile, TarEntryType.HardLink], files);
        Assert.Contains(("./fifo", TarEntryType.Fifo), entries);
        Assert.DoesNotContain(entries, entry => entry.Item1 is "./socket");
        Assert.Equal((4 * 1024L) + (2 * ("content".Length / 2)), summary.Bytes);
    }

    /// <summary>A terabyte of nothing takes nothing of the sandbox's disk, and a terabyte of a layer.</summary>
    [Fact]
    public async Task Size_OfAFileWithAHole_IsToldWithAndWithoutIt()
    {
        await using (var file = File.Create(_upper.File("hole")))
        {
            file.SetLength(1L << 40);
        }

        var summary = await ReadAsync(_tools, Any);

        Assert.True(
            summary is { Bytes: >= 1L << 40, DiskBytes: < 1 << 20 },
            $"the hole was to be in one of the numbers and not in the other: {summary}");
    }

    [Fact]
    public async Task Read_OfATreeDeeperThanAPathCanSay_IsRefusedWithThatReason()
    {
        const string Deepen =
            """
            import os, sys
            os.chdir(sys.argv[1])
            for i in range(45):
                os.mkdir('d' * 100)
                os.chdir('d' * 100)
            """;
        await RunAsync("python3", "-c", Deepen, _upper.Path);
        try
        {
            var refused = await Assert.ThrowsAsync<ArchiveException>(() => ReadAsync(_tools, Any));

            Assert.Matches("^a path in it has 4[0-9]{3} bytes, which is more than an engine can unpack", refused.Message);
        }
        finally
        {
            await RunAsync("rm", "-rf", _upper.File(new string('d', 100)));
        }
    }

    /// <summary>Names may be as many as a sandbox likes: they go through a file, and that has an end.</summary>
    [Fact]
    public async Task Read_OfAListWithoutEnd_EndsAtItsLimit()
    {
        var tools = new EndlessTools();

        var refused = await Assert.ThrowsAsync<ArchiveException>(() => ReadAsync(tools, ByteLimit.Of("the list of its files", 1 << 20)));

        Assert.Equal("the list of its files is larger than the limit of 1048576 bytes", refused.Message);
        Assert.True(tools.Written <= 2 << 20, $"it was to stop soon after the limit, and {tools.Written} bytes were taken");
    }

    [Fact]
    public async Task Removals_OfNamesThatALongHeaderIsNeededFor_AreInTheirLayer()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root makes the devices that stand for removals");
        var name = new string('n', 200);
        var made = await _tools.RunAsync("mknod", [_upper.File(name), "c", "0", "0"], null, Stream.Null, Token);
        Assert.SkipUnless(made.Succeeded, $"this machine makes no such devices: {made.Complaint}");
        await File.WriteAllTextAsync(_upper.File("kept"), "", Token);
        using var names = new MemoryStream();
        using var removals = new MemoryStream();

        var summary = await ReadAsync(_tools, Any, names, removals);

        Assert.True(summary is { HasRemovals: true }, $"the removal was to be told: {summary}");
        removals.Position = 0;
        await using var tar = new TarReader(removals);
        Assert.Equal($"./.wh.{name}", (await tar.GetNextEntryAsync(copyData: false, Token))?.Name);
        Assert.Null(await tar.GetNextEntryAsync(copyData: false, Token));
        Assert.Equal("./\0./kept\0", Encoding.UTF8.GetString(names.ToArray()));
    }

    private async Task<LayerSummary> ReadAsync(IHostTools tools, ByteLimit longest, Stream? names = null, Stream? removals = null)
    {
        await using var listing = new FileStream(
            _files.File(Guid.NewGuid().ToString("N")), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 4096,
            FileOptions.DeleteOnClose);
        return await new ExactLayer(tools).ReadAsync(
            _upper.Path, listing, longest, names ?? Stream.Null, removals ?? Stream.Null, Token);
    }

    private async Task RunAsync(string program, params string[] arguments)
    {
        var outcome = await _tools.RunAsync(program, arguments, null, Stream.Null, Token);
        Assert.True(outcome.Succeeded, outcome.Failure);
    }

    /// <summary>A find that never comes to an end.</summary>
    private sealed class EndlessTools : IHostTools
    {
        public long Written { get; private set; }

        public async Task<ToolOutcome> RunAsync(
            string program, IReadOnlyList<string> arguments, Stream? input, Stream output, CancellationToken cancellationToken)
        {
            var names = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("f 1 1 1 ./name\0", 4096)));
            while (true)
            {
                await output.WriteAsync(names, cancellationToken);
                Written += names.Length;
            }
        }
    }
}
