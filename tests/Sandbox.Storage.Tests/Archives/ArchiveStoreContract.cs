using Microsoft.Extensions.Options;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Archives;
using Sandbox.Testing;

namespace Sandbox.Storage.Tests.Archives;

/// <summary>What every place for archives promises.</summary>
public abstract class ArchiveStoreContract
{
    protected const string Key = "box/life.tar.gz";

    /// <summary>More than one part of an upload.</summary>
    private const int Large = (64 << 20) + 12345;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    protected abstract IArchiveStore Store { get; }

    [Theory]
    [InlineData(1)]
    [InlineData(70000)]
    [InlineData(Large)]
    public async Task Put_ThenGet_GivesBackEveryByte(int length)
    {
        var bytes = BytesOf(length);

        await PutAsync(bytes);

        Assert.True(await Store.ExistsAsync(Key, CancellationToken), "what was put there exists");
        var found = await GetAsync();
        Assert.True(bytes.AsSpan().SequenceEqual(found), "the bytes that come back are those that were put");
    }

    [Fact]
    public async Task Put_UnderANameInUse_ReplacesIt()
    {
        await PutAsync([1, 2, 3]);
        await PutAsync([4]);

        Assert.Equal([4], await GetAsync());
    }

    [Fact]
    public async Task Get_OfWhatIsNotThere_SaysSo()
    {
        Assert.False(await Store.TryGetAsync(Key, new MemoryStream(), CancellationToken));
        Assert.False(await Store.ExistsAsync(Key, CancellationToken));
    }

    [Fact]
    public async Task Delete_Twice_IsDoneTwice()
    {
        await PutAsync([1]);

        await Store.DeleteAsync(Key, CancellationToken);
        await Store.DeleteAsync(Key, CancellationToken);

        Assert.False(await Store.ExistsAsync(Key, CancellationToken));
    }

    protected async Task PutAsync(byte[] bytes) => await Store.PutAsync(Key, new MemoryStream(bytes), CancellationToken);

    protected async Task<byte[]> GetAsync()
    {
        var target = new MemoryStream();
        Assert.True(await Store.TryGetAsync(Key, target, CancellationToken), "it was put there");
        return target.ToArray();
    }

    protected static byte[] BytesOf(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}

public sealed class FolderArchiveStoreTests : ArchiveStoreContract, IDisposable
{
    private readonly TempFolder _folder = new();

    protected override IArchiveStore Store => StoreAt(_folder.Path);

    [Fact]
    public async Task Put_ThatBreaksOff_LeavesNothingAndKeepsWhatWasThere()
    {
        await PutAsync([1]);

        await Assert.ThrowsAsync<ArchiveStoreException>(() => Store.PutAsync("box/life.tar.gz", new BrokenStream(), CancellationToken));

        Assert.Equal([1], await GetAsync());
        Assert.Single(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Put_IntoAFolderThatIsFull_SaysSo_LeavesNothingAndKeepsWhatWasThere()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), "needs root: it mounts a small disk");
        var disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        await RunAsync("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk);
        try
        {
            var store = StoreAt(disk);
            await store.PutAsync(Key, new MemoryStream([1]), CancellationToken);

            var failure = await Assert.ThrowsAsync<ArchiveStoreException>(
                () => store.PutAsync(Key, new MemoryStream(BytesOf(1 << 20)), CancellationToken));

            Assert.StartsWith("the folder of archives failed: No space left", failure.Message, StringComparison.Ordinal);
            var kept = new MemoryStream();
            Assert.True(await store.TryGetAsync(Key, kept, CancellationToken), "the archive of before is still there");
            Assert.Equal([1], kept.ToArray());
            Assert.Single(Directory.EnumerateFiles(disk, "*", SearchOption.AllDirectories));
        }
        finally
        {
            await RunAsync("umount", disk);
        }
    }

    [Fact]
    public async Task Delete_AlsoOfWhatAKilledProcessLeft_EmptiesTheFolder()
    {
        await PutAsync([1]);
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "box", "life.tar.gz.0123.partial"), "half", CancellationToken);

        await Store.DeleteAsync("box/life.tar.gz", CancellationToken);

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    /// <summary>The folder of a sandbox goes with its last archive, while the next one is put into it or others remove the
    /// same one.</summary>
    [Fact]
    public async Task Delete_ByTwoAtOnce_BesideAPut_FailsNobody()
    {
        for (var round = 0; round < 300; round++)
        {
            await PutAsync([1]);

            await Task.WhenAll(
                Task.Run(() => Store.DeleteAsync(Key, CancellationToken)),
                Task.Run(() => Store.DeleteAsync(Key, CancellationToken)),
                Task.Run(() => Store.TryGetAsync(Key, new MemoryStream(), CancellationToken)),
                Task.Run(() => Store.PutAsync("box/next.tar.gz", new MemoryStream([2]), CancellationToken)));

            Assert.False(await Store.ExistsAsync(Key, CancellationToken), "it was removed");
            Assert.True(await Store.ExistsAsync("box/next.tar.gz", CancellationToken), "the other one was put there");
            await Store.DeleteAsync("box/next.tar.gz", CancellationToken);
        }
    }

    /// <summary>mkdir(2) finds the folder that the other removes before it is looked at.</summary>
    [Fact]
    public async Task Put_WhileTheFolderIsRemovedAgainAndAgain_Succeeds()
    {
        using var puts = new CancellationTokenSource();
        var folder = Path.Combine(_folder.Path, "box");
        var remover = Task.Run(() =>
        {
            while (!puts.IsCancellationRequested)
            {
                try
                {
                    Directory.Delete(folder);
                }
                catch (IOException)
                {
                    // It is not there, or an archive lies in it.
                }
            }
        });
        try
        {
            for (var round = 0; round < 200; round++)
            {
                await Store.PutAsync(Key, new MemoryStream([1]), CancellationToken);
                await Store.DeleteAsync(Key, CancellationToken);
            }
        }
        finally
        {
            await puts.CancelAsync();
            await remover;
        }
    }

    [Fact]
    public async Task AnyVerb_WhereTheFolderIsNotMounted_FailsInsteadOfFindingNothing()
    {
        var missing = StoreAt(_folder.File("missing"));

        foreach (var verb in (Func<Task>[])[() => missing.ExistsAsync("a", CancellationToken), () =>
            missing.DeleteAsync("a", CancellationToken), () => missing.PutAsync("a", new MemoryStream(), CancellationToken)])
        {
            Assert.Contains("is not there", (await Assert.ThrowsAsync<ArchiveStoreException>(verb)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Put_UnderANameThatLeadsOut_IsRefused() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync("../out", new MemoryStream(), CancellationToken));

    public void Dispose() => _folder.Dispose();

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        await process.WaitForExitAsync(CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} was to succeed");
    }

    private static FolderArchiveStore StoreAt(string folder) =>
        new(Options.Create(new ArchiveOptions { Store = "folder", Folder = folder }));

    private sealed class BrokenStream : MemoryStream
    {
        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) =>
            throw new IOException("it broke off");
    }
}

public sealed class S3ArchiveStoreTests : ArchiveStoreContract, IAsyncLifetime
{
    private FakeS3 _s3 = null!;
    private S3ArchiveStore _store = null!;

    protected override IArchiveStore Store => _store;

    public async ValueTask InitializeAsync()
    {
        _s3 = await FakeS3.StartAsync();
        _store = StoreWithin(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Put_OfMuch_GoesInPartsThatLeaveNothingOpen()
    {
        await PutAsync(BytesOf((64 << 20) + 12345));

        Assert.Contains("POST /bucket/pre/box/life.tar.gz?uploads", _s3.Calls);
        Assert.Contains("PUT /bucket/pre/box/life.tar.gz?partNumber&uploadId", _s3.Calls);
        Assert.Contains("POST /bucket/pre/box/life.tar.gz?uploadId", _s3.Calls);
        Assert.Empty(_s3.OpenUploads);
    }

    [Theory]
    [InlineData(507, "InsufficientStorage")]
    [InlineData(403, "AccessDenied")]
    [InlineData(500, "InternalError")]
    public async Task Put_IntoAStoreThatRefuses_FailsWithItsReasonAndPublishesNothing(int status, string code)
    {
        _s3.Instead = http => http.Request.Method is "PUT" ? FakeS3.RefuseAsync(http, status, code) : Task.FromResult(false);

        var failure = await Assert.ThrowsAsync<ArchiveStoreException>(() => PutAsync([1, 2]));

        Assert.StartsWith($"the object store failed: {code}", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("the-secret", failure.Message, StringComparison.Ordinal);
        Assert.Empty(_s3.Objects);
    }

    [Fact]
    public async Task Put_WhosePartsAreRefused_ThrowsThePartsAway()
    {
        _s3.Instead = http =>
            http.Request.Query["partNumber"] == "2" ? FakeS3.RefuseAsync(http, 507, "InsufficientStorage") : Task.FromResult(false);

        await Assert.ThrowsAsync<ArchiveStoreException>(() => PutAsync(BytesOf((64 << 20) + 12345)));

        Assert.Empty(_s3.Objects);
        Assert.Empty(_s3.OpenUploads);
    }

    [Fact]
    public async Task AnyVerb_OfAStoreThatIsDown_FailsWithAReason()
    {
        await _s3.DisposeAsync();

        foreach (var verb in (Func<Task>[])[() => PutAsync([1]), () => Store.TryGetAsync("a", new MemoryStream(), CancellationToken), () =>
            Store.DeleteAsync("a", CancellationToken), () => Store.ExistsAsync("a", CancellationToken)])
        {
            Assert.StartsWith(
                "the object store", (await Assert.ThrowsAsync<ArchiveStoreException>(verb)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Put_IntoAStoreThatFallsSilent_IsGivenUp()
    {
        _store.Dispose();
        _store = StoreWithin(TimeSpan.FromSeconds(1));
        _s3.Instead = async http =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
            return true;
        };

        var failure = await Assert.ThrowsAsync<ArchiveStoreException>(() => PutAsync([1]));

        Assert.Equal("the object store did not answer for 1 s", failure.Message);
    }

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        await _s3.DisposeAsync();
    }

    /// <param name="silence">How long it may say nothing.</param>
    private S3ArchiveStore StoreWithin(TimeSpan silence) => new(Options.Create(new ArchiveOptions
    {
        Store = "s3",
        Endpoint = _s3.Endpoint,
        UseTls = false,
        Bucket = "bucket",
        AccessKey = "key",
        SecretKey = "the-secret",
        Prefix = "pre/",
        Silence = silence,
    }));
}
