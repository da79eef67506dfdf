using Microsoft.Extensions.Options;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Storage.Archives;

namespace Sandbox.Deployments.Archives;

/// <summary>
/// What archives and restores may take of this node: one archive and one restore at a time, and nothing of what
/// <see cref="ArchiveOptions.KeepFree"/> keeps free on the disks that they write to.
/// </summary>
internal sealed class ArchiveSpace(
    EngineConnection engine, ArchiveFiles files, IOptions<ArchiveOptions> options, IOptions<WorkerOptions> worker) : IDisposable
{
    private readonly SemaphoreSlim _archives = new(1), _restores = new(1);

    /// <summary>Bytes that are free where a folder lies. A seam for tests of full disks.</summary>
    internal Func<string, long> Free { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <inheritdoc cref="ArchiveFiles.Open"/>
    public FileStream OpenFile() => files.Open();

    /// <summary>Waits until no other archive is made here, and keeps the next one waiting until it is disposed.</summary>
    public Task<IDisposable> EnterArchiveAsync(CancellationToken cancellationToken) => EnterAsync(_archives, cancellationToken);

    /// <summary>The same of restores.</summary>
    public Task<IDisposable> EnterRestoreAsync(CancellationToken cancellationToken) => EnterAsync(_restores, cancellationToken);

    /// <summary>How much of something may be written to the data folder of this node.</summary>
    /// <param name="what">For example "the image".</param>
    public ByteLimit OfData(string what, long limit) =>
        ByteLimit.Of(what, limit).Within(what, Left(Path.GetFullPath(worker.Value.DataFolder)));

    /// <summary>The same of the engine's own folder, where the engine is on this machine.</summary>
    public async Task<ByteLimit> OfEngineAsync(string what, long limit, CancellationToken cancellationToken)
    {
        var (all, folder) = (ByteLimit.Of(what, limit), (await engine.FactsAsync(cancellationToken)).DataFolder);
        return Directory.Exists(folder) ? all.Within(what, Left(folder)) : all;
    }

    public void Dispose()
    {
        _archives.Dispose();
        _restores.Dispose();
    }

    private static async Task<IDisposable> EnterAsync(SemaphoreSlim one, CancellationToken cancellationToken)
    {
        await one.WaitAsync(cancellationToken);
        return new Entered(one);
    }

    private long Left(string folder) =>
        Math.Max(0, Free(folder) - (SizeText.TryParse(options.Value.KeepFree, out var kept) ? kept : 0));

    private sealed class Entered(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
