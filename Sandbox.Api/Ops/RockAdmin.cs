using Sandbox.Api.Auth;
using Sandbox.Api.Rock;

namespace Sandbox.Api.Ops;

/// <summary>Lets no caller any further on ROCK's routes about all nodes who is no admin.</summary>
internal static class RockAdmin
{
    /// <summary>False: the caller is answered.</summary>
    public static async Task<bool> IsAsync(HttpContext http, string failureMessage)
    {
        if (http.Features.Get<Caller>() is { IsAdmin: true })
        {
            return true;
        }

        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        await Envelopes.FailAsync(http, failureMessage, "An admin's API key is needed.");
        return false;
    }
}
