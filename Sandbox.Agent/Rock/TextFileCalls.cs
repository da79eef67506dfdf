using System.Text;
using Sandbox.Agent.Files;
using Sandbox.Agent.Http;
using Sandbox.Agent.Text;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>Files as texts: <c>read_file</c> and <c>write_file</c> of the ROCK API. Nothing changes line ends, and no large text is ever
/// in memory as a whole.</summary>
internal sealed class TextFileCalls(FilePaths paths)
{
    /// <summary>Bytes of one answer; larger files go by the download route.</summary>
    private const int LargestText = 16 * 1024 * 1024;

    private const int BufferBytes = 16 * 1024;

    public async Task ReadAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.ReadFileRequest);
        using var content = await SpoolAsync(paths.Resolve(request.Path), context.RequestAborted);
        if (content.Length <= SpooledText.Small)
        {
            var bytes = new byte[content.Length];
            _ = content.Read(0, bytes);
            await context.WriteJsonAsync(
                new ReadFileResult(PythonCodec.Decode(bytes, request.Encoding, request.Errors)), RockJson.Default.ReadFileResult);
            return;
        }

        var pieces = Decoded(content, request);
        await context.WriteJsonPiecesAsync(
            (json, cancellationToken) => SpooledText.WriteAsync(json, "content", "", pieces, cancellationToken));
    }

    public async Task WriteAsync(HttpContext context)
    {
        using var body = new WriteFileBody();
        await using var bounded = new BoundedStream(context.Request.Body, JsonBodies.LargestContent);
        var request = await body.ReadAsync(bounded, context.RequestAborted);
        await using var content = body.Content.OpenRead();
        await FileWriter.WriteAsync(paths.Resolve(request.Path), content, owner: null, context.RequestAborted);
        await context.WriteJsonAsync(new WriteFileResult(true, ""), RockJson.Default.WriteFileResult);
    }

    private static TextPieces Decoded(Spool content, ReadFileRequest request)
    {
        var head = new byte[4];
        _ = content.Read(0, head);
        TextPieces Open()
        {
            var (decoder, skip) = PythonCodec.Open(head, request.Encoding, request.Errors);
            return new TextPieces(content, decoder, skip);
        }

        // Once through it first: what cannot be decoded must be known before the answer begins.
        var trial = Open();
        try
        {
            while (trial.Next() is not null)
            {
            }
        }
        catch (DecoderFallbackException exception)
        {
            throw PythonCodec.Undecodable(request.Encoding, exception, trial.Position);
        }

        return Open();
    }

    /// <summary>As it is at one time: a file of /proc has another content each time that it is read.</summary>
    private static async Task<Spool> SpoolAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = FileReader.Open(path);
        var content = new Spool();
        try
        {
            // To the end rather than to the length: files of /proc say 0.
            var buffer = new byte[BufferBytes];
            int read;
            while ((read = await FileReader.ReadAsync(file, buffer, path, cancellationToken)) > 0)
            {
                if (content.Length + read > LargestText)
                {
                    throw new FileFailure(
                        FileFailureKind.TooLarge, $"file '{path}' is larger than {LargestText} bytes; download it instead");
                }

                content.Append(buffer.AsSpan(0, read));
            }

            return content;
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }
}
