using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Sandbox.Contracts.Wire;

namespace Sandbox.Agent.Http;

/// <summary>The parts of a multipart form as they come, without keeping any; a part must be read before the next is asked for.</summary>
internal sealed class MultipartBody
{
    private const int MaxField = 64 * 1024;

    private readonly MultipartReader _reader;

    private MultipartBody(MultipartReader reader) => _reader = reader;

    public static bool TryOpen(HttpRequest request, [NotNullWhen(true)] out MultipartBody? body) =>
        TryOpen(request, request.Body, out body);

    /// <param name="content">The body, unpacked where it came packed.</param>
    public static bool TryOpen(HttpRequest request, Stream content, [NotNullWhen(true)] out MultipartBody? body)
    {
        body = null;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(type.Boundary).Value is not { Length: > 0 and <= 256 } boundary)
        {
            return false;
        }

        body = new MultipartBody(new MultipartReader(boundary, content));
        return true;
    }

    /// <summary>Null after the last part.</summary>
    /// <exception cref="InvalidDataException">The body is no such form.</exception>
    public async Task<FormPart?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            var section = await _reader.ReadNextSectionAsync(cancellationToken);
            return section is null ? null : Read(section);
        }
        catch (IOException exception) when (exception is not BadHttpRequestException && exception.GetType() == typeof(IOException))
        {
            throw new InvalidDataException("The body is not a complete multipart form.", exception);
        }
    }

    /// <summary>Bytes that are no UTF-8 come as <see cref="FileNameText"/> shows them: the field may be a path.</summary>
    /// <exception cref="InvalidDataException">The field is too long.</exception>
    public static async Task<string> TextAsync(FormPart part, CancellationToken cancellationToken)
    {
        var text = new MemoryStream();
        await using var bounded = new BoundedStream(part.Content, MaxField);
        await bounded.CopyToAsync(text, cancellationToken);
        return FileNameText.FromCaller(text.GetBuffer().AsSpan(0, (int)text.Length));
    }

    private static FormPart Read(MultipartSection section)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
        {
            throw new InvalidDataException("A part of the form has no name.");
        }

        var file = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        return new FormPart(
            HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "",
            file.HasValue ? HeaderUtilities.UnescapeAsQuotedString(file).Value : null,
            section.Body);
    }
}

/// <param name="FileName">As it was sent, slashes and all; null for a plain field.</param>
internal sealed record FormPart(string Name, string? FileName, Stream Content);
