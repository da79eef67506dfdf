using Sandbox.Agent.Gem;
using Sandbox.Agent.Http;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>The routes of GEM's environments.</summary>
internal sealed class GemCalls(GemTable environments)
{
    public async Task MakeAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.GemMakeRequest);
        await environments.MakeAsync(request.EnvId, context.RequestAborted);
        await RockEndpoints.JsonAsync(context, "{}");
    }

    public async Task ResetAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.GemResetRequest);
        var first = await environments.UseAsync(
            environment => environment.ResetAsync(request.Seed, context.RequestAborted), context.RequestAborted);
        await context.WriteJsonAsync(first, RockJson.Default.GemObservation);
    }

    public async Task StepAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.GemStepRequest);
        var step = await environments.UseAsync(
            environment => environment.StepAsync(request.Action, context.RequestAborted), context.RequestAborted);
        await context.WriteJsonAsync(step, RockJson.Default.GemStep);
    }

    public async Task CloseAsync(HttpContext context)
    {
        await environments.CloseAsync(context.RequestAborted);
        await RockEndpoints.JsonAsync(context, "{}");
    }

    public async Task ListAsync(HttpContext context) => await context.WriteJsonAsync(
        new GemEnvironments(await environments.ListAsync(context.RequestAborted)), RockJson.Default.GemEnvironments);
}
