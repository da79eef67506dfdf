using Microsoft.AspNetCore.Http.Features;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;
using Sandbox.Serving.OpenAi;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Gateway;

/// <summary>The OpenAI interface in front of all models: who asks for which, and whether that may be. The bytes of a request go to an
/// engine as they came, and those of its answer come back so.</summary>
internal sealed class GatewayEndpoint(
    ModelTable models, ModelBody bodies, ModelForwarder forwarder, CallerAllowances allowances, GatewayTelemetry telemetry,
    RequestEdge edge, TimeProvider time)
{
    /// <summary>Names the session whose requests profit from the same replica.</summary>
    public const string SessionHeader = "X-Session-Id";

    private const string Tag = "Models";

    private static readonly OpenAiError Surprise = new(StatusCodes.Status500InternalServerError, "internal_error", RequestEdge.Surprise);

    /// <summary>The paths, each with its name in OpenTelemetry's conventions.</summary>
    private static readonly (string Path, string Operation, string Summary)[] Operations =
    [
        ("/chat/completions", "chat", "Answers a conversation, whole or as a stream"),
        ("/completions", "text_completion", "Continues a text, whole or as a stream"),
        ("/embeddings", "embeddings", "Vectors of texts"),
        ("/responses", "responses", "OpenAI's Responses interface, where the engine has it"),
    ];

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var (path, operation, summary) in Operations)
        {
            RequestDelegate handler = http => edge.RunAsync(
                http, () => HandleAsync(http, operation), () => GatewayErrors.WriteAsync(http, Surprise));
            app.MapPost(GatewayErrors.Prefix + path, handler)
                .WithSummary(summary).WithTags(Tag).WithMetadata(handler.Method, StreamMetadata.Instance);
        }

        MapGet(app, GatewayErrors.Prefix + "/models", "The models that the caller may ask for", ListAsync);
        MapGet(app, GatewayErrors.Prefix + "/models/{**model}", "One of them", FindAsync);
        MapGet(app, "/health", "Whether the gateway answers", HealthAsync).WithName("get_gateway_health");
        MapGet(app, GatewayErrors.Prefix + "/health", "Whether the gateway answers", HealthAsync);
    }

    private static IEndpointConventionBuilder MapGet(IEndpointRouteBuilder app, string path, string summary, RequestDelegate handler) =>
        app.MapGet(path, handler).WithSummary(summary).WithTags(Tag).WithMetadata(handler.Method);

    private async Task HandleAsync(HttpContext http, string operation)
    {
        if (allowances.TryBegin(http.Features.GetRequiredFeature<Caller>(), out var end) is { } refusal)
        {
            await GatewayErrors.WriteAsync(http, refusal);
            return;
        }

        RequestProgress? progress = null;
        try
        {
            var (body, unread, held) = await bodies.ReadAsync(http);
            using (held)
            {
                progress = new RequestProgress(time, () => held?.Dispose());
                await (unread is null ? AnswerAsync(http, operation, body, progress) : GatewayErrors.WriteAsync(http, unread));
            }
        }
        finally
        {
            end(progress?.Usage is { } usage ? usage.PromptTokens + usage.CompletionTokens : 0);
        }
    }

    private async Task AnswerAsync(HttpContext http, string operation, byte[] body, RequestProgress progress)
    {
        var tenant = http.Features.GetRequiredFeature<Caller>().Tenant;
        if (!RequestReader.TryRead(body, out var summary, out var wrong))
        {
            await GatewayErrors.WriteAsync(http, OpenAiError.BadRequest(wrong));
            return;
        }

        if (models.Find(tenant, summary.Model) is not { } route)
        {
            await GatewayErrors.WriteAsync(http, OpenAiError.From(new AcquireOutcome.UnknownModel(summary.Model)));
            return;
        }

        using var activity = telemetry.Begin(operation, route.Model.Name);
        var sent = summary.Model == route.Model.Name ? body : summary.WithModel(body, route.Model.Name);
        var request = new ModelRequest(route, sent, AffinityOf(http.Request, tenant, summary, body));
        try
        {
            if (await forwarder.ForwardAsync(http, request, progress) is { } error)
            {
                await GatewayErrors.WriteAsync(http, error);
            }
        }
        finally
        {
            telemetry.End(activity, operation, route.Model.Name, http.Response.StatusCode, progress);
        }
    }

    private AffinityKey? AffinityOf(HttpRequest request, string tenant, RequestSummary summary, byte[] body) =>
        request.Headers[SessionHeader] is [{ Length: > 0 } session] ? AffinityKey.OfSession(tenant, session)
        : summary.User is { Length: > 0 } user ? AffinityKey.OfSession(tenant, user)
        : body[summary.PromptRange] is { Length: > 0 } prompt ? AffinityKey.OfPrefix(prompt, models.Routing.PrefixBytes)
        : null;

    private Task ListAsync(HttpContext http)
    {
        var names = models.NamesFor(http.Features.GetRequiredFeature<Caller>().Tenant);
        return JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("object", "list");
            writer.WriteStartArray("data");
            foreach (var name in names)
            {
                Write(writer, name);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private Task FindAsync(HttpContext http)
    {
        var name = http.Request.RouteValues["model"] as string ?? "";
        return models.Find(http.Features.GetRequiredFeature<Caller>().Tenant, name) is null
            ? GatewayErrors.WriteAsync(http, OpenAiError.From(new AcquireOutcome.UnknownModel(name)))
            : JsonAnswer.WriteAsync(http, writer => Write(writer, name));
    }

    private Task HealthAsync(HttpContext http)
    {
        var count = models.NamesFor(http.Features.GetRequiredFeature<Caller>().Tenant).Count;
        return JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", "healthy");
            writer.WriteNumber("models", count);
            writer.WriteEndObject();
        });
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, string model)
    {
        writer.WriteStartObject();
        writer.WriteString("id", model);
        writer.WriteString("object", "model");

        // When it was made is not known of each; clients want a number.
        writer.WriteNumber("created", 0);
        writer.WriteString("owned_by", "sandbox.aspire");
        writer.WriteEndObject();
    }
}
