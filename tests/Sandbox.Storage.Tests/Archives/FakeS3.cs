using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Sandbox.Storage.Tests.Archives;

/// <summary>As much of an S3 store as the client uses, on a port of this machine: objects, uploads of parts, and the failures
/// that a test asks for. A request without a signature is refused.</summary>
internal sealed class FakeS3 : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<int, byte[]>> _uploads = new();
    private readonly ConcurrentQueue<string> _calls = new();
    private WebApplication _app = null!;

    public ConcurrentDictionary<string, byte[]> Objects { get; } = new();

    /// <summary>Uploads of parts that have neither ended nor been thrown away.</summary>
    public ICollection<string> OpenUploads => _uploads.Keys;

    /// <summary><c>VERB /path?keys of the query</c>, in order.</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>Answers in the store's place when it gives true.</summary>
    public Func<HttpContext, Task<bool>> Instead { get; set; } = _ => Task.FromResult(false);

    public string Endpoint { get; private set; } = "";

    public static async Task<FakeS3> StartAsync()
    {
        var fake = new FakeS3();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0")
            .ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = null);
        fake._app = builder.Build();
        fake._app.Run(fake.AnswerAsync);
        await fake._app.StartAsync(TestContext.Current.CancellationToken);
        var address = fake._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        fake.Endpoint = new Uri(address).Authority;
        return fake;
    }

    public static async Task<bool> RefuseAsync(HttpContext http, int status, string code)
    {
        await http.Request.Body.CopyToAsync(Stream.Null);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/xml";
        await http.Response.WriteAsync(
            $"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>told by the test</Message><Resource>x</Resource></Error>");
        return true;
    }

    /// <summary>Ends it at once, as a machine that is switched off.</summary>
    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var (request, query) = (http.Request, http.Request.Query);
        _calls.Enqueue(
            $"{request.Method} {request.Path}{(query.Count == 0 ? "" : "?" + string.Join('&', query.Keys.Order(StringComparer.Ordinal)))}");
        if (!request.Headers.Authorization.ToString().StartsWith("AWS4-HMAC-SHA256 Credential=key/", StringComparison.Ordinal))
        {
            await RefuseAsync(http, 403, "AccessDenied");
            return;
        }

        if (!await Instead(http))
        {
            await StoreAsync(http, request.Path.Value!, query["uploadId"].ToString());
        }
    }

    private async Task StoreAsync(HttpContext http, string path, string upload)
    {
        switch (http.Request.Method)
        {
            case "POST" when http.Request.Query.ContainsKey("uploads"):
                _uploads[path] = new ConcurrentDictionary<int, byte[]>();
                await XmlAsync(
                    http, $"<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>{KeyOf(path)}</Key>"
                        + "<UploadId>up-1</UploadId></InitiateMultipartUploadResult>");
                break;
            case "POST":
                Objects[path] = [.. _uploads[path].OrderBy(part => part.Key).SelectMany(part => part.Value)];
                _uploads.TryRemove(path, out _);
                await XmlAsync(
                    http, $"<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>{KeyOf(path)}</Key>"
                        + "<ETag>\"done\"</ETag></CompleteMultipartUploadResult>");
                break;
            case "PUT":
                await PutAsync(http, path, upload);
                break;
            case "DELETE" when upload.Length > 0:
                _uploads.TryRemove(path, out _);
                http.Response.StatusCode = 204;
                break;
            case "DELETE":
                Objects.TryRemove(path, out _);
                http.Response.StatusCode = 204;
                break;
            case "GET" when http.Request.Query.ContainsKey("uploads"):
                await XmlAsync(
                    http, $"<ListMultipartUploadsResult><Bucket>bucket</Bucket><IsTruncated>false</IsTruncated>"
                        + string.Concat(_uploads.Keys.Select(one =>
                            $"<Upload><Key>{KeyOf(one)}</Key><UploadId>up-1</UploadId>"
                            + "<Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>"))
                        + "</ListMultipartUploadsResult>");
                break;
            default:
                await GetAsync(http, path);
                break;
        }
    }

    private async Task PutAsync(HttpContext http, string path, string upload)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        if (upload.Length > 0)
        {
            _uploads[path][int.Parse(http.Request.Query["partNumber"]!)] = body.ToArray();
        }
        else
        {
            Objects[path] = body.ToArray();
        }

        http.Response.Headers.ETag = $"\"{Convert.ToHexStringLower(SHA256.HashData(body.ToArray()))[..32]}\"";
    }

    private async Task GetAsync(HttpContext http, string path)
    {
        if (path.TrimEnd('/') is "/bucket")
        {
            return;
        }

        if (!Objects.TryGetValue(path, out var bytes))
        {
            if (http.Request.Method is "HEAD")
            {
                http.Response.StatusCode = 404;
                return;
            }

            await RefuseAsync(http, 404, "NoSuchKey");
            return;
        }

        http.Response.Headers.ETag = "\"0123456789abcdef0123456789abcdef\"";
        http.Response.Headers.LastModified = "Thu, 01 Jan 2026 00:00:00 GMT";
        http.Response.ContentType = "application/gzip";
        http.Response.ContentLength = bytes.Length;
        if (http.Request.Method is not "HEAD")
        {
            await http.Response.Body.WriteAsync(bytes);
        }
    }

    private static string KeyOf(string path) => path["/bucket/".Length..];

    private static Task XmlAsync(HttpContext http, string xml)
    {
        http.Response.ContentType = "application/xml";
        return http.Response.WriteAsync(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + xml.Replace(
                "Result>", "Result xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", StringComparison.Ordinal)
            .Replace(
                "</InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", "</InitiateMultipartUploadResult>",
                StringComparison.Ordinal)
            .Replace(
                "</CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", "</CompleteMultipartUploadResult>",
                StringComparison.Ordinal)
            .Replace(
                "</ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">", "</ListMultipartUploadsResult>",
                StringComparison.Ordinal));
    }
}
