using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Sandbox.Client.Wire;
using Sandbox.Contracts.Envd;

namespace Sandbox.Client.Files;

/// <summary>The files inside one sandbox. Contents stream both ways.</summary>
public sealed class SandboxFiles
{
    private const string Service = "filesystem.Filesystem/";
    private const int PermissionBits = 0x1FF;

    private readonly EnvdCalls _envd;

    internal SandboxFiles(EnvdCalls envd) => _envd = envd;

    /// <summary>The bytes of a file as they come; the caller disposes the stream.</summary>
    public async Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken)
    {
        using var request = _envd.NewRequest(HttpMethod.Get, $"files?path={Uri.EscapeDataString(path)}");
        var answer = await _envd.OpenAsync(request, cancellationToken);

        // Disposing the stream of a streamed answer gives its connection back: there is nothing else to dispose.
        return await answer.Content.ReadAsStreamAsync(cancellationToken);
    }

    public async Task DownloadAsync(string path, Stream destination, CancellationToken cancellationToken)
    {
        await using var content = await OpenReadAsync(path, cancellationToken);
        await content.CopyToAsync(destination, cancellationToken);
    }

    /// <inheritdoc cref="UploadAsync(string, Stream, UnixFileMode?, CancellationToken)"/>
    public Task UploadAsync(string path, Stream content, CancellationToken cancellationToken) =>
        UploadAsync(path, content, mode: null, cancellationToken);

    /// <summary>Writes a file from a stream; parents are made and what was there is replaced.</summary>
    /// <param name="mode">Permission bits, in effect before the first byte; null: as they are, or as the sandbox makes new files.</param>
    public async Task UploadAsync(string path, Stream content, UnixFileMode? mode, CancellationToken cancellationToken)
    {
        var query = mode is { } bits ? $"&mode={Convert.ToString((int)bits & PermissionBits, 8)}" : "";
        using var request = _envd.NewRequest(HttpMethod.Post, $"files?path={Uri.EscapeDataString(path)}{query}");
        request.Content = new StreamContent(content);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var answer = await _envd.OpenAsync(request, cancellationToken);
    }

    public async Task<EntryInfo> StatAsync(string path, CancellationToken cancellationToken) =>
        (await _envd.UnaryAsync(
            Service + "Stat", new PathRequest(path), EnvdJson.Default.PathRequest, EnvdJson.Default.EntryResponse, cancellationToken))
            .Entry;

    /// <param name="depth">1: only the folder's own entries.</param>
    public async Task<IReadOnlyList<EntryInfo>> ListAsync(string path, uint depth, CancellationToken cancellationToken) =>
        (await _envd.UnaryAsync(
            Service + "ListDir", new ListDirRequest(path, depth), EnvdJson.Default.ListDirRequest, EnvdJson.Default.ListDirResponse,
            cancellationToken)).Entries ?? [];

    /// <inheritdoc cref="MakeFolderAsync(string, UnixFileMode?, CancellationToken)"/>
    public Task<EntryInfo> MakeFolderAsync(string path, CancellationToken cancellationToken) =>
        MakeFolderAsync(path, mode: null, cancellationToken);

    /// <summary>Makes a folder and its parents; one that exists is an error with code <c>already_exists</c>.</summary>
    /// <param name="mode">Permission bits; null: as the sandbox makes new folders.</param>
    public async Task<EntryInfo> MakeFolderAsync(string path, UnixFileMode? mode, CancellationToken cancellationToken) =>
        (await _envd.UnaryAsync(
            Service + "MakeDir", new MakeDirRequest(path, mode is { } bits ? (uint)bits & PermissionBits : null),
            EnvdJson.Default.MakeDirRequest, EnvdJson.Default.EntryResponse, cancellationToken))
            .Entry;

    public async Task<EntryInfo> MoveAsync(string source, string destination, CancellationToken cancellationToken) =>
        (await _envd.UnaryAsync(
            Service + "Move", new MoveRequest(source, destination), EnvdJson.Default.MoveRequest, EnvdJson.Default.EntryResponse,
            cancellationToken)).Entry;

    /// <summary>Removes a file, or a folder with all it holds; what is not there is a success.</summary>
    public Task RemoveAsync(string path, CancellationToken cancellationToken) =>
        _envd.UnaryAsync(
            Service + "Remove", new PathRequest(path), EnvdJson.Default.PathRequest, EnvdJson.Default.Nothing, cancellationToken);

    /// <summary>Changes below a folder as they happen. Enumerating begins the watch; the first element is null and says
    /// that the watch is in place.</summary>
    public async IAsyncEnumerable<FilesystemEvent?> WatchAsync(
        string path, bool recursive, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await _envd.StreamAsync(
            Service + "WatchDir", new WatchDirRequest(path, recursive), EnvdJson.Default.WatchDirRequest, EnvdJson.Default.WatchDirResponse,
            cancellationToken);
        await foreach (var message in stream.ReadAllAsync(cancellationToken))
        {
            if (message.Start is not null || message.Filesystem is not null)
            {
                yield return message.Filesystem;
            }
        }
    }
}
