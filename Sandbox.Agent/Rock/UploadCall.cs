using Sandbox.Agent.Http;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary><c>POST /rock/upload</c>: the form of an <see cref="UploadForm"/>.</summary>
internal sealed class UploadCall(FilePaths paths)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (!MultipartBody.TryOpen(context.Request, out var body))
        {
            throw new InvalidDataException("The body is not a multipart form.");
        }

        using var form = new UploadForm(paths);
        while (await body.NextAsync(context.RequestAborted) is { } part)
        {
            await form.TakeAsync(part, context.RequestAborted);
        }

        var fileName = await form.FinishAsync(context.RequestAborted);
        await context.WriteJsonAsync(new UploadResult(true, "", fileName), RockJson.Default.UploadResult);
    }
}
