using System.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Files;

/// <summary>Streams one file of a multipart form into a sandbox. Nothing of it is ever held as a whole in memory.</summary>
internal sealed class UploadEndpoint(AgentClient agent)
{
    public const string FailureMessage = "upload file failed";

    public async Task HandleAsync(HttpContext http)
    {
        Unbounded(http);
        using var form = new UploadForm();
        try
        {
            await form.ReadUntilSendableAsync(http.Request, http.RequestAborted);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or (IOException and not BadHttpRequestException)
                && !http.RequestAborted.IsCancellationRequested)
        {
            await RockBody.RefuseAsync(http, "body: There was an error parsing the body");
            return;
        }

        await (form.Problems is { Count: > 0 } problems
            ? RockBody.RefuseAsync(http, string.Join("; ", problems))
            : SendAsync(http, form));
    }

    /// <summary>A file has no largest size and no slowest speed.</summary>
    private static void Unbounded(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (http.Features.Get<Microsoft.AspNetCore.Server.Kestrel.Core.Features.IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    private async Task SendAsync(HttpContext http, UploadForm form)
    {
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        var file = new PassingFile(form.File!, stopped.Token);
        var content = new MultipartFormDataContent
        {
            { new StringContent(form.TargetPath!), "target_path" },
            { file, "file", form.FileName },
        };

        var answer = await agent.SendAsync(
            form.SandboxId!, HttpMethod.Post, "/upload", content, AgentTypes.Strict.UploadResult, null, http.RequestAborted);

        // An agent that answers early (the disk is full) leaves the copying behind; the request's body must not be read
        // any more once the answer goes out.
        await stopped.CancelAsync();
        await file.Finished;
        await (answer switch
        {
            AgentAnswer<UploadResult>.Done done => SucceedAsync(http, done.Result),
            AgentAnswer<UploadResult>.Refused refused => SucceedAsync(http, new UploadResult(false, refused.Reason, "")),
            AgentAnswer<UploadResult>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new UploadResult(false, "", ""), RockJson.Default.UploadResult),
            _ => throw new UnreachableException(),
        });
    }

    private static Task SucceedAsync(HttpContext http, UploadResult result) =>
        Envelopes.SucceedAsync(http, result, RockJson.Default.UploadResult);
}
