using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Sandbox.Serving.Echo;

/// <summary>Every refusal as a body of the OpenAI interface.</summary>
internal static class EchoErrors
{
    public static async Task AnswerAsync(HttpContext context, string? key, RequestDelegate next)
    {
        try
        {
            if (key is null || !context.Request.Path.StartsWithSegments("/v1") || HasKey(context.Request, key))
            {
                await next(context);
                return;
            }

            await Error(401, "invalid_api_key", "The key is missing or wrong.").ExecuteAsync(context);
        }
        catch (JsonException exception)
        {
            await Error(400, "invalid_request", exception.Message).ExecuteAsync(context);
        }
        catch (InvalidOperationException exception)
        {
            await Error(500, "engine_error", exception.Message).ExecuteAsync(context);
        }
    }

    public static IResult Error(int status, string code, string message)
    {
        var type = status < 500 ? "invalid_request_error" : "server_error";
        return Results.Json(new { error = new { message, type, code } }, statusCode: status);
    }

    private static bool HasKey(HttpRequest request, string key) => CryptographicOperations.FixedTimeEquals(
        Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes($"Bearer {key}"));
}
