using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Api.Rock;

namespace Sandbox.Api.Documents;

/// <summary>The OpenAPI document, made from the same table that maps the routes and the types that travel.</summary>
internal sealed class OpenApiDocument(RockFace face)
{
    private static readonly JsonSchemaExporterOptions Plain = new() { TreatNullObliviousAsNonNullable = true };

    private readonly Lazy<string> _text = new(() => Build(face.Routes).ToJsonString());

    public Task HandleAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(_text.Value, http.RequestAborted);
    }

    private static JsonObject Build(IReadOnlyList<RockRoute> routes)
    {
        var paths = new JsonObject();
        foreach (var sameRoute in routes.GroupBy(route => RockFace.Prefix + route.Path))
        {
            paths[sameRoute.Key] = new JsonObject(
                sameRoute.Select(route => KeyValuePair.Create(route.Method.ToLowerInvariant(), (JsonNode?)OperationOf(route))));
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Sandbox.Aspire",
                ["version"] = "v1",
                ["description"] = "Sandboxes in ROCK's wire format: every answer is an envelope with HTTP status 200. Processes and files "
                    + "also stream in the envd protocol: send its requests here with the header E2b-Sandbox-Id.",
            },
            ["paths"] = paths,
        };
    }

    private static JsonObject OperationOf(RockRoute route)
    {
        var operation = new JsonObject
        {
            ["summary"] = route.Summary,
            ["operationId"] = $"{route.Method.ToLowerInvariant()}_{route.Path.Trim('/').Replace('/', '_').Replace("{id}", "id", StringComparison.Ordinal)}",
            ["parameters"] = new JsonArray([.. ParametersOf(route)]),
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "Success or failure, in the envelope", ["content"] = JsonOf(EnvelopeOf(route.Result)) },
            },
        };
        if (route.Body is { } body)
        {
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = JsonOf(body.GetJsonSchemaAsNode(Plain)) };
        }

        return operation;
    }

    private static IEnumerable<JsonNode> ParametersOf(RockRoute route)
    {
        if (route.Path.Contains("{id}", StringComparison.Ordinal))
        {
            yield return Parameter("id", "path", true);
        }

        foreach (var name in route.Query)
        {
            yield return Parameter(name.TrimEnd('?'), "query", !name.EndsWith('?'));
        }
    }

    private static JsonObject Parameter(string name, string place, bool required) => new()
    {
        ["name"] = name,
        ["in"] = place,
        ["required"] = required,
        ["schema"] = new JsonObject { ["type"] = "string" },
    };

    private static JsonObject JsonOf(JsonNode schema) => new() { ["application/json"] = new JsonObject { ["schema"] = schema } };

    private static JsonObject EnvelopeOf(JsonTypeInfo? result) => new()
    {
        ["type"] = "object",
        ["required"] = new JsonArray("status", "message", "error", "result"),
        ["properties"] = new JsonObject
        {
            ["status"] = new JsonObject { ["enum"] = new JsonArray("Success", "Failed") },
            ["message"] = new JsonObject { ["type"] = new JsonArray("string", "null") },
            ["error"] = new JsonObject { ["type"] = new JsonArray("string", "null") },
            ["result"] = result?.GetJsonSchemaAsNode(Plain) ?? new JsonObject { ["type"] = "null" },
        },
    };
}
