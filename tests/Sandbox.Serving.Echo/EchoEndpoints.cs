using System.Text.Json;

namespace Sandbox.Serving.Echo;

/// <summary>The OpenAI interface over a model that repeats what it is told, a word a token. The word <c>/fail</c> breaks it, and a
/// stream stops at the word <c>/wait</c> until the route <c>/go</c> is asked.</summary>
internal static class EchoEndpoints
{
    private const int DefaultTokens = 256;

    public static void MapEcho(this WebApplication app, string model)
    {
        var health = new { status = "healthy", model, engine = EchoPlugin.Name, tensor_parallel_size = 1 };
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.MapPost("/go", () => { go.TrySetResult(); });
        app.MapGet("/health", () => Results.Json(health));
        app.MapGet("/v1/health", () => Results.Json(health));
        app.MapGet("/v1/models", () => Results.Json(
            new { @object = "list", data = new[] { new { id = model, @object = "model", created = 0, owned_by = EchoPlugin.Name } } }));
        app.MapPost("/v1/completions", (HttpContext context) => CompleteAsync(context, model, new CompletionFormat(), go.Task));
        app.MapPost("/v1/chat/completions", (HttpContext context) => CompleteAsync(context, model, new ChatFormat(), go.Task));
        app.MapFallback((HttpContext context) => EchoErrors.Error(404, "not_found", $"There is no {context.Request.Path}."));
    }

    private static async Task CompleteAsync(HttpContext context, string model, IEchoFormat format, Task go)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        if (body.RootElement.TryGetProperty("model", out var asked) && asked.GetString() is { } name && name != model)
        {
            await EchoErrors.Error(404, "model_not_found", $"There is no model '{name}'.").ExecuteAsync(context);
            return;
        }

        var prompt = format.PromptOf(body.RootElement).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (prompt.Contains("/fail"))
        {
            throw new InvalidOperationException("The engine was told to fail.");
        }

        var most = body.RootElement.TryGetProperty("max_tokens", out var tokens) ? tokens.GetInt32() : DefaultTokens;
        var answer = prompt.Take(most).ToList();
        var usage = new
        {
            prompt_tokens = prompt.Length,
            completion_tokens = answer.Count,
            total_tokens = prompt.Length + answer.Count,
        };
        var finish = answer.Count < prompt.Length ? "length" : "stop";
        if (body.RootElement.TryGetProperty("stream", out var stream) && stream.GetBoolean())
        {
            await StreamAsync(
                context, model, format, answer, finish, go, IncludesUsage(body.RootElement) ? JsonSerializer.Serialize(usage) : null);
            return;
        }

        await Results.Json(new
        {
            id = "echo-1",
            @object = format.Kind,
            created = 0,
            model,
            choices = new[] { format.Choice(string.Join(' ', answer), finish) },
            usage,
        }).ExecuteAsync(context);
    }

    private static bool IncludesUsage(JsonElement body) =>
        body.TryGetProperty("stream_options", out var options) && options.ValueKind is JsonValueKind.Object
        && options.TryGetProperty("include_usage", out var asked) && asked.ValueKind is JsonValueKind.True;

    private static async Task StreamAsync(
        HttpContext context, string model, IEchoFormat format, List<string> answer, string finish, Task go, string? usage)
    {
        context.Response.ContentType = "text/event-stream";
        for (var index = 0; index < answer.Count; index++)
        {
            var isLast = index == answer.Count - 1;
            var chunk = new
            {
                id = "echo-1",
                @object = format.ChunkKind,
                created = 0,
                model,
                choices = new[] { format.ChunkChoice(isLast ? answer[index] : $"{answer[index]} ", isLast ? finish : null) },
            };
            if (answer[index] == "/wait")
            {
                await go.WaitAsync(context.RequestAborted);
            }

            await WriteAsync(context, JsonSerializer.Serialize(chunk));
        }

        if (usage is not null)
        {
            await WriteAsync(
                context,
                $$"""{"id":"echo-1","object":"{{format.ChunkKind}}","created":0,"model":"{{model}}","choices":[],"usage":{{usage}}}""");
        }

        await WriteAsync(context, "[DONE]");
    }

    private static async Task WriteAsync(HttpContext context, string data)
    {
        await context.Response.WriteAsync($"data: {data}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
