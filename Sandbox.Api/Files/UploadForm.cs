using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Wire;

namespace Sandbox.Api.Files;

/// <summary>
/// The form of an upload, read as it arrives. The clients send the two texts before the file; then the file is passed on
/// straight from the connection. Where the file comes first it waits on disk until it is known where it belongs, and is bounded.
/// </summary>
internal sealed class UploadForm : IDisposable
{
    private const int LongestText = 64 * 1024;
    private const int LongestBoundary = 200;

    /// <summary>Bytes of a file that is kept here until it is known where it belongs: nobody has looked yet whose sandbox that
    /// is.</summary>
    internal const int LongestKept = 16 * 1024 * 1024;

    private FileStream? _spooled;

    public string? SandboxId { get; private set; }

    public string? TargetPath { get; private set; }

    public string FileName { get; private set; } = "file";

    public Stream? File { get; private set; }

    public List<string> Problems { get; } = [];

    /// <summary>Reads up to the point where the file can be sent on, or to the end of a form that lacks something.</summary>
    public async Task ReadUntilSendableAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (BoundaryOf(request.ContentType) is { } boundary)
        {
            var reader = new MultipartReader(boundary, request.Body);
            while (!IsComplete && Problems.Count == 0 && await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                await TakeAsync(section, cancellationToken);
            }
        }

        Check();
    }

    public void Dispose() => _spooled?.Dispose();

    private bool IsComplete => SandboxId is not null && TargetPath is not null && File is not null;

    private async Task TakeAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
        {
            return;
        }

        switch (HeaderUtilities.RemoveQuotes(disposition.Name).Value)
        {
            case "sandbox_id":
                SandboxId = (await TextAsync(section, cancellationToken)).Trim();
                break;
            case "target_path":
                TargetPath = await TextAsync(section, cancellationToken);
                break;
            case "file":
                FileName = NameOf(disposition);
                File = SandboxId is not null && TargetPath is not null ? section.Body : await SpoolAsync(section, cancellationToken);
                if (File is null)
                {
                    Problems.Add("body.file: a file that comes before sandbox_id and target_path must not be larger than 16 MiB");
                }

                break;
            default:
                break;
        }
    }

    /// <returns>Null: it is too long.</returns>
    private async Task<FileStream?> SpoolAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        _spooled?.Dispose();
        var own = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
        {
            own.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _spooled = new FileStream(Path.Combine(Path.GetTempPath(), "upload-" + Path.GetRandomFileName()), own);
        var buffer = new byte[64 * 1024];
        while (await section.Body.ReadAsync(buffer, cancellationToken) is var read and > 0)
        {
            if (_spooled.Position + read > LongestKept)
            {
                return null;
            }

            await _spooled.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        _spooled.Position = 0;
        return _spooled;
    }

    private void Check()
    {
        if (Problems.Count > 0)
        {
            return;
        }

        Demand(File is not null, "file", Fields.Required);
        Demand(TargetPath is not null, "target_path", Fields.Required);
        Demand(TargetPath?.Contains('\0', StringComparison.Ordinal) is not true, "target_path", "must not contain a NUL character");
        Demand(SandboxId is not null, RockRequests.SandboxId, Fields.Required);
        Demand(SandboxId is not "", RockRequests.SandboxId, "String should have at least 1 character");
    }

    private void Demand(bool met, string name, string reason)
    {
        if (!met)
        {
            Problems.Add($"body.{name}: {reason}");
        }
    }

    /// <summary>A path may have bytes that are no UTF-8; they reach the agent as they came.</summary>
    private static async Task<string> TextAsync(MultipartSection section, CancellationToken cancellationToken)
    {
        using var text = await BoundedBody.ReadAsync(section.Body, LongestText, cancellationToken);
        return text is null ? throw new InvalidDataException("A text of the form is too long.") : FileNameText.FromCaller(text.Bytes.Span);
    }

    private static string NameOf(ContentDispositionHeaderValue disposition)
    {
        var given = disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName;
        var name = HeaderUtilities.RemoveQuotes(given).Value ?? "";

        // It goes into a header of the next request: nothing that could end that header, and no folders.
        var plain = new string([.. name.Where(character => !char.IsControl(character) && character is not '"')]);
        plain = plain[(plain.LastIndexOfAny(['/', '\\']) + 1)..];
        return plain.Length > 0 ? plain : "file";
    }

    private static string? BoundaryOf(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var media)
        && media.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
        && HeaderUtilities.RemoveQuotes(media.Boundary).Value is { Length: > 0 and <= LongestBoundary } boundary
            ? boundary
            : null;
}
