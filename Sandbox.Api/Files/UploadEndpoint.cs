using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Cluster;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Files;

/// <summary>Streams one file of a multipart form into a sandbox. Nothing of it is ever held as a whole in memory.</summary>
internal sealed class UploadEndpoint(AgentClient agent, TimeProvider time)
{
    public const string FailureMessage = "upload file failed";

    /// <summary>How long the form may take until its file can be sent on.</summary>
    internal static readonly TimeSpan LongestHead = TimeSpan.FromMinutes(5);

    public async Task HandleAsync(HttpContext http)
    {
        // A file has no largest size, and what makes it may pause for as long as it likes; what comes before it may not.
        http.LiftLimits();
        using var form = new UploadForm();
        using var limit = new CancellationTokenSource(LongestHead, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, http.RequestAborted);
        try
        {
            await form.ReadUntilSendableAsync(http.Request, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            await RockBody.RefuseAsync(
                http, $"body: sandbox_id, target_path and the file must begin within {LongestHead.TotalMinutes:0} min");
            return;
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
            http, form.SandboxId!, new AgentQuestion(HttpMethod.Post, "/upload", content), AgentTypes.Upload, limit: null);

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
