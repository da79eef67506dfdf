using System.Globalization;
using Microsoft.AspNetCore.Http.Headers;
using Microsoft.Net.Http.Headers;
using Sandbox.Agent.Files;

namespace Sandbox.Agent.Envd;

/// <summary>Sends a file, or the part of it that was asked for.</summary>
internal static class FileDownload
{
    private const int BufferBytes = 81_920;

    public static async Task SendAsync(HttpContext context, string path)
    {
        await using var file = FileReader.Open(path, out var status);
        var response = context.Response;
        response.ContentType = "application/octet-stream";
        response.Headers.AcceptRanges = "bytes";
        response.Headers.LastModified = HeaderUtilities.FormatDate(status.Modified);
        if (HttpMethods.IsHead(context.Request.Method) && file.Length == 0)
        {
            response.ContentLength = 0;
            return;
        }

        if (file.Length == 0)
        {
            // Empty, or one of /proc that does not say how long it is.
            await file.CopyToAsync(response.Body, BufferBytes, context.RequestAborted);
            return;
        }

        var (from, count) = Part(context, file.Length);
        if (count == 0)
        {
            response.StatusCode = StatusCodes.Status416RangeNotSatisfiable;
            response.Headers.ContentRange = $"bytes */{file.Length.ToString(CultureInfo.InvariantCulture)}";
            return;
        }

        if (count < file.Length)
        {
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = new ContentRangeHeaderValue(from, from + count - 1, file.Length).ToString();
        }

        response.ContentLength = count;
        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        await CopyAsync(file, from, count, response.Body, context.RequestAborted);
    }

    /// <summary>One range; several, or one that is none, give the whole file. No bytes: it lies behind the end.</summary>
    private static (long From, long Count) Part(HttpContext context, long length)
    {
        var range = new RequestHeaders(context.Request.Headers).Range;
        if (range is null || range.Unit != "bytes" || range.Ranges.Count != 1)
        {
            return (0, length);
        }

        var one = range.Ranges.First();
        var from = one.From ?? Math.Max(0, length - one.To!.Value);
        var to = one.From is null ? length - 1 : Math.Min(one.To ?? long.MaxValue, length - 1);
        return from >= length || one is { From: null, To: 0 } ? (0, 0) : (from, to - from + 1);
    }

    private static async Task CopyAsync(FileStream file, long from, long count, Stream output, CancellationToken cancellationToken)
    {
        file.Seek(from, SeekOrigin.Begin);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (count > 0)
            {
                var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), cancellationToken);
                if (read == 0)
                {
                    return;
                }

                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                count -= read;
            }
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
