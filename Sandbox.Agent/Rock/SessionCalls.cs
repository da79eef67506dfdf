using Sandbox.Agent.Http;
using Sandbox.Agent.Sessions;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>The session routes of the ROCK API.</summary>
internal sealed class SessionCalls(SessionTable sessions)
{
    public async Task CreateAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.CreateSessionRequest);
        OnlyBash(request.SessionType);
        await context.WriteJsonAsync(new CreateSessionResult(await sessions.CreateAsync(request)), RockJson.Default.CreateSessionResult);
    }

    public async Task RunAsync(HttpContext context)
    {
        var action = await RockFailures.BodyAsync(context, RockRequests.Default.BashAction);
        OnlyBash(action.ActionType);
        var seen = await sessions.Get(action.Session).RunAsync(action, context.RequestAborted);
        await context.WriteJsonAsync(seen, RockJson.Default.Observation);
    }

    public async Task CloseAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.CloseSessionRequest);
        sessions.Close(request.Session);
        await context.WriteJsonAsync(new CloseSessionResult(), RockJson.Default.CloseSessionResult);
    }

    /// <summary>All of them.</summary>
    public Task CloseAllAsync(HttpContext context)
    {
        sessions.CloseAll();
        return RockEndpoints.JsonAsync(context, "{}");
    }

    private static void OnlyBash(string type)
    {
        if (type != "bash")
        {
            throw new InvalidDataException($"There are sessions of type 'bash' only, not '{type}'.");
        }
    }
}
