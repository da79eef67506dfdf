using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Minio;
using Minio.DataModel.Args;
using Minio.Exceptions;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Archives;

/// <summary>Archives as objects of an S3 store. An object appears when its last byte has arrived; one of many parts when the
/// parts are put together, and parts of an upload that broke off are thrown away.</summary>
internal sealed class S3ArchiveStore : IArchiveStore, IDisposable
{
    private readonly ArchiveOptions _options;
    private readonly HttpClient _http;
    private readonly IMinioClient _client;

    public S3ArchiveStore(IOptions<ArchiveOptions> options)
    {
        _options = options.Value;
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = _options.Silence }) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new MinioClient()
            .WithEndpoint(_options.Endpoint)
            .WithCredentials(_options.AccessKey, _options.SecretKey)
            .WithRegion(_options.Region)
            .WithSSL(_options.UseTls)
            .WithHttpClient(_http)
            .Build();
    }

    public Task PutAsync(string key, Stream content, CancellationToken cancellationToken) => GuardAsync(
        async (alive, token) =>
        {
            content.Position = 0;
            var put = new PutObjectArgs().WithBucket(_options.Bucket).WithObject(Name(key))
                .WithStreamData(new WatchedStream(content, alive))
                .WithObjectSize(content.Length).WithContentType("application/gzip");
            try
            {
                await _client.PutObjectAsync(put, token);
                return true;
            }
            catch (Exception) when (content.Length > 0)
            {
                await ForgetPartsAsync(key);
                throw;
            }
        },
        cancellationToken);

    public Task<bool> TryGetAsync(string key, Stream target, CancellationToken cancellationToken) => GuardAsync(
        async (alive, token) =>
        {
            var get = new GetObjectArgs().WithBucket(_options.Bucket).WithObject(Name(key))
                .WithCallbackStream((source, inner) => new WatchedStream(source, alive).CopyToAsync(target, inner));
            await _client.GetObjectAsync(get, token);
            return true;
        },
        cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => GuardAsync(
        async (_, token) =>
        {
            await _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_options.Bucket).WithObject(Name(key)), token);
            return true;
        },
        cancellationToken);

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => GuardAsync(
        async (_, token) =>
        {
            var stat = await _client.StatObjectAsync(new StatObjectArgs().WithBucket(_options.Bucket).WithObject(Name(key)), token);
            return stat is not null;
        },
        cancellationToken);

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }

    private string Name(string key) => _options.Prefix + key;

    /// <summary>As well as it goes: what stays is found by the next upload of the same name, or by the bucket's own rules.</summary>
    private async Task ForgetPartsAsync(string key)
    {
        using var limit = new CancellationTokenSource(_options.Silence);
        try
        {
            await _client.RemoveIncompleteUploadAsync(
                new RemoveIncompleteUploadArgs().WithBucket(_options.Bucket).WithObject(Name(key)), limit.Token);
        }
        catch (Exception exception) when (IsOfTheStore(exception) || exception is OperationCanceledException)
        {
            // The failure of the upload itself is told.
        }
    }

    private static bool IsOfTheStore(Exception exception) =>
        exception is MinioException or HttpRequestException or SocketException or IOException or System.Xml.XmlException
            or InvalidOperationException;

    /// <summary>Ends a call in which nothing has moved for too long, and says what went wrong.</summary>
    private async Task<bool> GuardAsync(Func<Action, CancellationToken, Task<bool>> act, CancellationToken cancellationToken)
    {
        using var silent = new CancellationTokenSource(_options.Silence);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silent.Token);
        try
        {
            return await act(() => silent.CancelAfter(_options.Silence), either.Token);
        }
        catch (ObjectNotFoundException)
        {
            return false;
        }
        catch (Exception exception)
            when (!cancellationToken.IsCancellationRequested && silent.IsCancellationRequested && IsEndedWait(exception))
        {
            throw new ArchiveStoreException($"the object store did not answer for {_options.Silence.TotalSeconds:0.###} s", exception);
        }
        catch (Exception exception) when (IsOfTheStore(exception) && !cancellationToken.IsCancellationRequested)
        {
            throw new ArchiveStoreException($"the object store failed: {Reason(exception)}", exception);
        }
    }

    private static bool IsEndedWait(Exception exception) => exception is OperationCanceledException || IsOfTheStore(exception);

    private static string Reason(Exception exception) =>
        (exception as MinioException)?.Response is { Code.Length: > 0 } response
            ? $"{response.Code}: {response.Message}" : exception.GetBaseException().Message;

    /// <summary>Tells of every read that something moves.</summary>
    private sealed class WatchedStream(Stream inner, Action alive) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => inner.CanSeek;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            alive();
            return inner.Read(buffer, offset, count);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            alive();
            return await inner.ReadAsync(buffer, cancellationToken);
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
