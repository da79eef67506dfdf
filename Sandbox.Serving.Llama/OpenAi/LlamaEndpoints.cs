using System.Text;
using System.Text.Json;
using LLama.Native;
using Sandbox.Serving.Llama.Inference;

namespace Sandbox.Serving.Llama.OpenAi;

/// <summary>The OpenAI interface over one model.</summary>
internal static class LlamaEndpoints
{
    public static void MapLlama(this WebApplication app, string name, LlamaModel model, TimeProvider time)
    {
        var health = new { status = "healthy", model = name, engine = "llama", tensor_parallel_size = 1 };
        var models = new { @object = "list", data = new[] { new { id = name, @object = "model", created = 0, owned_by = "llama" } } };
        app.MapGet("/health", () => Results.Json(health));
        app.MapGet("/v1/health", () => Results.Json(health));
        app.MapGet("/v1/models", () => Results.Json(models));
        app.MapPost("/v1/completions", (HttpContext context) => CompleteAsync(context, name, model, new TextFormat(), time));
        app.MapPost("/v1/chat/completions", (HttpContext context) => CompleteAsync(context, name, model, new ChatFormat(), time));
        app.MapFallback((HttpContext context) =>
            ErrorMiddleware.WriteAsync(context, new(404, "not_found", $"There is no {context.Request.Path}.")));
    }

    private static async Task CompleteAsync(
        HttpContext context, string name, LlamaModel model, ICompletionFormat format, TimeProvider time)
    {
        using var request = await CompletionRequest.ReadAsync(context.Request, context.RequestAborted);
        if (request.Model is { } asked && asked != name)
        {
            await ErrorMiddleware.WriteAsync(context, new(404, "model_not_found", $"The model '{asked}' does not exist."));
            return;
        }

        var options = request.ReadOptions();
        var prompt = format.ReadPrompt(model, request);
        var (id, created) = ($"{format.IdPrefix}{Guid.NewGuid():N}", time.GetUtcNow().ToUnixTimeSeconds());
        var steps = model.GenerateAsync(prompt, options, context.RequestAborted);
        if (request.IsStream)
        {
            await StreamAsync(context, steps, format, choices => new { id, @object = format.ChunkKind, created, model = name, choices },
                request.IncludesUsage
                    ? tokens => new
                    {
                        id,
                        @object = format.ChunkKind,
                        created,
                        model = name,
                        choices = Array.Empty<object>(),
                        usage = UsageOf(prompt, tokens),
                    }
                    : null);
            return;
        }

        var text = new StringBuilder();
        GenerationStep? last = null;
        await foreach (var step in steps)
        {
            text.Append(step.Text);
            last = step;
        }

        await Results.Json(new
        {
            id,
            @object = format.Kind,
            created,
            model = name,
            choices = new[] { format.Choice(text.ToString(), last!.Finish!) },
            usage = UsageOf(prompt, last.Tokens),
        }).ExecuteAsync(context);
    }

    /// <param name="usageChunk">Makes the chunk with the tokens from how many were made; null when it was not asked for.</param>
    private static async Task StreamAsync(
        HttpContext context, IAsyncEnumerable<GenerationStep> steps, ICompletionFormat format, Func<object[], object> chunk,
        Func<int, object>? usageChunk)
    {
        var (isFirst, tokens) = (true, 0);
        await foreach (var step in steps)
        {
            tokens = step.Tokens;
            if (step is { Text: "", Finish: null })
            {
                // Part of a character, or of what may be a stop word.
                continue;
            }

            if (isFirst)
            {
                // Only now, so that a queue that is full is answered with its status.
                context.Response.ContentType = "text/event-stream";
            }

            await WriteAsync(context, JsonSerializer.Serialize(chunk([format.ChunkChoice(step.Text, step.Finish, isFirst)])));
            isFirst = false;
        }

        if (usageChunk is not null)
        {
            await WriteAsync(context, JsonSerializer.Serialize(usageChunk(tokens)));
        }

        await WriteAsync(context, "[DONE]");
    }

    private static object UsageOf(LLamaToken[] prompt, int tokens) =>
        new { prompt_tokens = prompt.Length, completion_tokens = tokens, total_tokens = prompt.Length + tokens };

    private static async Task WriteAsync(HttpContext context, string data)
    {
        await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
