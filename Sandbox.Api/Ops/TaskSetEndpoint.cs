using Microsoft.AspNetCore.Http.Features;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Ops;

/// <summary>ROCK's task sets, for admins: what they clean is every tenant's.</summary>
internal sealed class TaskSetEndpoint(TaskSets sets, RockBody body)
{
    public const string FailureMessage = "create task set failed";
    public const string StatusFailureMessage = "get task set failed";

    private const string Ok = "ok";

    public async Task HandleAsync(HttpContext http)
    {
        if (!await RockAdmin.IsAsync(http, FailureMessage) || await RequestAsync(http) is not { } request)
        {
            return;
        }

        await Envelopes.SucceedAsync(http, await sets.BeginAsync(request.Spec, http.RequestAborted), RockJson.Default.TaskSet, Ok);
    }

    public async Task HandleStatusAsync(HttpContext http)
    {
        if (await RockAdmin.IsAsync(http, StatusFailureMessage))
        {
            var found = await sets.FindAsync((string)http.GetRouteValue("id")!, http.RequestAborted);
            await Envelopes.SucceedAsync(http, found, RockJson.Default.TaskSet, Ok);
        }
    }

    private async Task<TaskSetRequest?> RequestAsync(HttpContext http) =>
        http.Request.ContentLength is 0 || http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }
            ? new TaskSetRequest(new TaskSetSpec(TaskTypes: null, TargetWorkers: null))
            : await body.ReadAsync(http, RockRequests.TaskSet);
}
