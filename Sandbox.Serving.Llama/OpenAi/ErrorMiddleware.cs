using System.Security.Cryptography;
using System.Text;
using LLama.Exceptions;
using Sandbox.Serving.Llama.Inference;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Serving.Llama.OpenAi;

/// <summary>Asks for the key, and answers every failure with a body of the OpenAI interface.</summary>
internal static class ErrorMiddleware
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    public static async Task InvokeAsync(HttpContext context, string? key, RequestDelegate next)
    {
        try
        {
            if (key is not null && context.Request.Path.StartsWithSegments("/v1") && !HasKey(context.Request, key))
            {
                await WriteAsync(context, new(401, "invalid_api_key", "The key is missing or wrong."));
                return;
            }

            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away; there is nobody to answer.
        }
        catch (Exception exception) when (ErrorOf(exception) is { } error)
        {
            await WriteAsync(context, error);
        }
    }

    public static async Task WriteAsync(HttpContext context, OpenAiError error)
    {
        if (context.Response.HasStarted)
        {
            await context.Response.Body.WriteAsync(error.ToEvent(), context.RequestAborted);
            return;
        }

        context.Response.StatusCode = error.Status;
        context.Response.ContentType = "application/json";
        if (error.RetryAfterSeconds is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds;
        }

        await context.Response.Body.WriteAsync(error.ToBody(), context.RequestAborted);
    }

    private static OpenAiError? ErrorOf(Exception exception) => exception switch
    {
        InvalidRequestException or PromptTooLongException => OpenAiError.BadRequest(exception.Message),
        QueueFullException => new(503, "queue_full", exception.Message, RetryAfter),
        BadHttpRequestException bad => new(bad.StatusCode, "invalid_request", bad.Message),
        InvalidOperationException or RuntimeError or MissingTemplateException => new(500, "engine_error", exception.Message),
        _ => null,
    };

    /// <summary>Hashes have one length, so that comparing tells nothing of the key's.</summary>
    private static bool HasKey(HttpRequest request, string key) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())),
        SHA256.HashData(Encoding.UTF8.GetBytes($"Bearer {key}")));
}
