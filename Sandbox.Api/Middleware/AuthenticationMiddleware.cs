using Sandbox.Api.Auth;

namespace Sandbox.Api.Middleware;

/// <summary>Refuses a caller that the authenticator does not know, and notes who the caller is.</summary>
internal sealed partial class AuthenticationMiddleware(
    RequestDelegate next, RequestAuthenticator authenticator, ILogger<AuthenticationMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        switch (await AuthenticateAsync(http))
        {
            case AuthenticationResult.Admitted { Caller: var caller }:
                http.Features.Set(caller);
                await next(http);
                break;
            case AuthenticationResult.Refused refused:
                await Refusals.WriteAsync(http, refused.Status, refused.Message, refused.Text);
                break;
        }
    }

    private async Task<AuthenticationResult?> AuthenticateAsync(HttpContext http)
    {
        try
        {
            return await authenticator.AuthenticateAsync(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            Log.Unknown(logger, exception);
            return new AuthenticationResult.Refused(
                StatusCodes.Status503ServiceUnavailable, "unavailable", "Who asks cannot be found out now; ask again.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5011, LogLevel.Error, "A caller could not be looked up")]
        public static partial void Unknown(ILogger logger, Exception exception);
    }
}
