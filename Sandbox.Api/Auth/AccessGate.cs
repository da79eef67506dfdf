using Sandbox.Api.Http;

namespace Sandbox.Api.Auth;

/// <summary>Lets nobody past whom the doorkeeper does not know, and notes who it is.</summary>
internal sealed partial class AccessGate(RequestDelegate next, Doorkeeper keeper, ILogger<AccessGate> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        switch (await AdmitAsync(http))
        {
            case Admission.Admitted { Caller: var caller }:
                http.Features.Set(caller);
                await next(http);
                break;
            case Admission.Refused refused:
                await Refusals.WriteAsync(http, refused.Status, refused.Message, refused.Text);
                break;
        }
    }

    private async Task<Admission?> AdmitAsync(HttpContext http)
    {
        try
        {
            return await keeper.AdmitAsync(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            Log.Unknown(logger, exception);
            return new Admission.Refused(
                StatusCodes.Status503ServiceUnavailable, "unavailable", "Who asks cannot be found out now; ask again.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5011, LogLevel.Error, "A caller could not be looked up")]
        public static partial void Unknown(ILogger logger, Exception exception);
    }
}
