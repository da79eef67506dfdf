using System.IO.Compression;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>The plain routes of envd: <c>/health</c>, and <c>/files</c> for bytes in and out.</summary>
internal sealed class FilesEndpoints(AccountFiles accounts)
{
    private const string MetadataHeader = "X-Metadata-";

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
        var metadata = Metadata(context.Request.Headers);
        await using var body = Body(context.Request);
        var written = new List<WrittenFile>();
        if (MultipartBody.TryOpen(context.Request, body, out var form))
        {
            while (await form.NextAsync(context.RequestAborted) is { } part)
            {
                if (part.Name == "file")
                {
                    var path = Target(context, part.FileName, written.Count, account);
                    written.Add(await WriteAsync(path, part.Content, metadata, account, context.RequestAborted));
                }
            }
        }
        else if (context.Request.ContentType?.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase) == true)
        {
            written.Add(await WriteAsync(Target(context, null, 0, account), body, metadata, account, context.RequestAborted));
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
        string path, Stream content, Dictionary<string, string> metadata, Account account, CancellationToken cancellationToken)
    {
        await FileWriter.WriteAsync(path, content, FilesystemEndpoints.OwnerFor(account), cancellationToken);
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

        return (path ?? fileName) is { Length: > 0 } name
            ? FilesystemEndpoints.Resolve(name, account)
            : throw new InvalidDataException("no path was given for the file");
    }

    private static string? PathIn(HttpContext context) => context.Request.Query["path"].ToString() is { Length: > 0 } path ? path : null;

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
