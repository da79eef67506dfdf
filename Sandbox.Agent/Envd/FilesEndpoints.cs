using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Wire;

namespace Sandbox.Agent.Envd;

/// <summary>The plain routes of envd: <c>/health</c>, and <c>/files</c> for bytes in and out.</summary>
internal sealed class FilesEndpoints(AccountFiles accounts)
{
    private const string MetadataHeader = "X-Metadata-";

    /// <summary>What a header has in place of bytes that are no UTF-8.</summary>
    private const char Lost = '\uFFFD';

    public void Map(RouteTable routes)
    {
        routes.Get(AgentRoutes.Envd + "/health", context =>
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        routes.Get(AgentRoutes.Envd + "/files", context => GuardAsync(context, DownloadAsync));
        routes.Post(AgentRoutes.Envd + "/files", context => GuardAsync(context, UploadAsync));
    }

    private static Task DownloadAsync(HttpContext context, Account account) =>
        FileDownload.SendAsync(context, FilesystemEndpoints.Resolve(PathIn(context) ?? "", account));

    private static async Task UploadAsync(HttpContext context, Account account)
    {
        var (metadata, mode) = (Metadata(context.Request.Headers), ModeIn(context));
        await using var body = Body(context.Request);
        var written = new List<WrittenFile>();
        if (MultipartBody.TryOpen(context.Request, body, out var form))
        {
            while (await form.NextAsync(context.RequestAborted) is { } part)
            {
                if (part.Name == "file")
                {
                    var path = Target(context, part.FileName, written.Count, account);
                    written.Add(await WriteAsync(path, part.Content, metadata, mode, account, context.RequestAborted));
                }
            }
        }
        else if (context.Request.ContentType?.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            written.Add(await WriteAsync(Target(context, null, 0, account), body, metadata, mode, account, context.RequestAborted));
        }
        else
        {
            throw new InvalidDataException("the body is neither multipart/form-data nor application/octet-stream");
        }

        await context.WriteJsonAsync(
            written.Count > 0 ? written : throw new InvalidDataException("the form has no part named 'file'"),
            EnvdJson.Default.IReadOnlyListWrittenFile);
    }

    private static async Task<WrittenFile> WriteAsync(
        string path, Stream content, Dictionary<string, string> metadata, uint? mode, Account account, CancellationToken cancellationToken)
    {
        await FileWriter.WriteAsync(path, content, FilesystemEndpoints.OwnerFor(account), mode, cancellationToken);
        FileMetadata.Write(path, metadata);
        return new WrittenFile(path, SandboxPath.Name(path), Metadata: metadata.Count > 0 ? metadata : null);
    }

    private static string Target(HttpContext context, string? fileName, int before, Account account)
    {
        var path = PathIn(context);
        if (path is not null && before > 0)
        {
            throw new InvalidDataException("'path' names one file, but the form has several");
        }

        if (path is null && fileName?.Contains(Lost, StringComparison.Ordinal) == true)
        {
            throw new InvalidDataException("the file's name in the form is no UTF-8; name it by 'path'");
        }

        return (path ?? fileName) is { Length: > 0 } name
            ? FilesystemEndpoints.Resolve(name, account)
            : throw new InvalidDataException("no path was given for the file");
    }

    /// <summary>From the query as it came: what ASP.NET made of it has lost bytes that are no UTF-8.</summary>
    private static string? PathIn(HttpContext context)
    {
        foreach (var pair in new QueryStringEnumerable(context.Request.QueryString.Value))
        {
            if (pair.EncodedName.Span.SequenceEqual("path") && pair.EncodedValue.Length > 0)
            {
                var bytes = Encoding.UTF8.GetBytes(pair.EncodedValue.ToString());
                return FileNameText.FromCaller(WebUtility.UrlDecodeToBytes(bytes, 0, bytes.Length));
            }
        }

        return null;
    }

    /// <summary>Our own addition to the protocol: <c>mode</c>, the permission bits in octal.</summary>
    private static uint? ModeIn(HttpContext context)
    {
        var text = context.Request.Query["mode"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            return text.Length <= 4 && Convert.ToUInt32(text, 8) is <= 0x1FF and var mode ? mode : throw new FormatException();
        }
        catch (FormatException exception)
        {
            throw new InvalidDataException("'mode' is not an octal number from 0 to 777", exception);
        }
    }

    private static Stream Body(HttpRequest request) => request.Headers.ContentEncoding.ToString().ToUpperInvariant() switch
    {
        "" or "IDENTITY" => request.Body,
        "GZIP" => new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
        var other => throw new InvalidDataException($"content encoding '{other}' is not supported"),
    };

    private static Dictionary<string, string> Metadata(IHeaderDictionary headers) => headers
        .Where(header =>
            header.Key.StartsWith(MetadataHeader, StringComparison.OrdinalIgnoreCase) && header.Key.Length > MetadataHeader.Length)
#pragma warning disable CA1308 // the keys travel in lower case
        .ToDictionary(header => header.Key[MetadataHeader.Length..].ToLowerInvariant(), header => header.Value.ToString());
#pragma warning restore CA1308

    private async Task GuardAsync(HttpContext context, Func<HttpContext, Account, Task> serve)
    {
        if (!EnvdUser.TryResolve(context.Request.Query["username"], accounts, out var account, out var error))
        {
            await context.WritePlainErrorAsync(StatusCodes.Status401Unauthorized, error.Message);
            return;
        }

        try
        {
            await serve(context, account);
        }
        catch (FileFailure failure) when (!context.Response.HasStarted)
        {
            await context.WritePlainErrorAsync(FileErrors.ToStatus(failure), failure.Message);
        }
        catch (InvalidDataException exception) when (!context.Response.HasStarted)
        {
            await context.WritePlainErrorAsync(StatusCodes.Status400BadRequest, exception.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
    }
}
