using Sandbox.Agent.Http;
using Sandbox.Agent.Sessions;
using Sandbox.Agent.Text;
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
        using var answer = await sessions.Get(action.Session).RunAsync(action, context.RequestAborted);
        var seen = new Observation { ExitCode = answer.ExitCode, ExpectString = answer.ExpectString };
        if (answer.Output.Length <= SpooledText.Small)
        {
            await context.WriteJsonAsync(seen with { Output = answer.Text() }, RockJson.Default.Observation);
            return;
        }

        await context.WriteJsonPiecesAsync(async (json, cancellationToken) =>
        {
            json.WriteString("session_type", seen.SessionType);
            await SpooledText.WriteCleanAsync(json, "output", answer.Output, cancellationToken);
            if (seen.ExitCode is { } code)
            {
                json.WriteNumber("exit_code", code);
            }

            json.WriteString("failure_reason", seen.FailureReason);
            json.WriteString("expect_string", seen.ExpectString);
        });
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
