using Sandbox.Agent.Files;
using Sandbox.Agent.Http;

namespace Sandbox.Agent.Rock;

/// <summary>A form with <c>file</c>, <c>target_path</c> and <c>unzip</c> in any order; the file goes to disk as it comes.</summary>
internal sealed class UploadForm(FilePaths paths) : IDisposable
{
    private string? _fileName;
    private string? _target;
    private string? _spool;
    private bool _unzip;

    public async Task TakeAsync(FormPart part, CancellationToken cancellationToken)
    {
        switch (part.Name)
        {
            case "file" when _fileName is null:
                _fileName = part.FileName ?? "";
                await StoreAsync(part.Content, cancellationToken);
                break;
            case "target_path":
                _target = paths.Resolve(await MultipartBody.TextAsync(part, cancellationToken));
                break;
            case "unzip":
                _unzip = (await MultipartBody.TextAsync(part, cancellationToken)).ToUpperInvariant() is "TRUE" or "1" or "YES" or "ON";
                break;
            default:
                await part.Content.CopyToAsync(Stream.Null, cancellationToken);
                break;
        }
    }

    /// <returns>The name that the file was sent under.</returns>
    public async Task<string> FinishAsync(CancellationToken cancellationToken)
    {
        if (_fileName is null || _target is null)
        {
            throw new InvalidDataException("The form needs 'file' and 'target_path'.");
        }

        if (_spool is not null && _unzip)
        {
            await ZipFile.ExtractAsync(_spool, _target, cancellationToken);
        }
        else if (_spool is not null)
        {
            await using var spooled = FileReader.Open(_spool);
            await FileWriter.WriteAsync(_target, spooled, owner: null, cancellationToken);
        }
        else if (_unzip)
        {
            // It was written to its target before the form said that it is to be unpacked there.
            _spool = Spool();
            FileTree.Move(_target, _spool, owner: null);
            await ZipFile.ExtractAsync(_spool, _target, cancellationToken);
        }

        return _fileName;
    }

    public void Dispose()
    {
        if (_spool is not null)
        {
            FileTree.Remove(_spool);
        }
    }

    private static string Spool() => Path.Combine(Path.GetTempPath(), $".sandbox-upload-{Guid.NewGuid():N}");

    private async Task StoreAsync(Stream content, CancellationToken cancellationToken)
    {
        // A folder can only be a target to unpack into, which the form may say later; the target itself may come later too.
        if (_target is null || _unzip || FileStatus.Find(_target, follow: true) is { IsDirectory: true })
        {
            _spool = Spool();
        }

        await FileWriter.WriteAsync(_spool ?? _target!, content, owner: null, cancellationToken);
    }
}
