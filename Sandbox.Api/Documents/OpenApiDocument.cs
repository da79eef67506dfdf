using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Api.Management;
using Sandbox.Api.Rock;
using Sandbox.Api.Routes;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Documents;

/// <summary>The OpenAPI document, made from the same table that maps the routes and the types that travel.</summary>
internal sealed class OpenApiDocument(RockEndpoints rock, ManagementEndpoints management)
{
    private static readonly JsonSchemaExporterOptions Plain = new() { TreatNullObliviousAsNonNullable = true };

    private readonly Lazy<string> _text = new(() => Build(rock.Routes, management.Routes).ToJsonString());

    public Task HandleAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(_text.Value, http.RequestAborted);
    }

    private static JsonObject Build(IReadOnlyList<RockRoute> routes, IReadOnlyList<ManagementRoute> management)
    {
        var paths = new JsonObject();
        foreach (var sameRoute in routes.GroupBy(route => RockRoute.Prefix + route.Path))
        {
            paths[sameRoute.Key] = new JsonObject(
                sameRoute.Select(route => KeyValuePair.Create(route.Method.ToLowerInvariant(), (JsonNode?)OperationOf(route))));
        }

        foreach (var sameRoute in management.GroupBy(route => ManagementEndpoints.Prefix + route.Path))
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
                    + "also stream in the envd protocol: send its requests here with the header E2b-Sandbox-Id. What lies below "
                    + "/api/v1 is for admins and answers problem details.",
            },
            ["paths"] = paths,
        };
    }

    private static JsonObject OperationOf(RockRoute route) => OperationOf(
        route.Method, route.Path, route.Summary, route.Query, route.Body, new JsonObject
        {
            ["200"] = Response("Success or failure, in the envelope", EnvelopeOf(route.Result)),
        });

    private static JsonObject OperationOf(ManagementRoute route) => OperationOf(
        route.Method, route.Path, route.Summary, route.Query, route.Body, new JsonObject
        {
            [route.Result is null ? "204" : "2XX"] = route.Result is { } result
                ? Response("Success", result.GetJsonSchemaAsNode(Plain))
                : new JsonObject { ["description"] = "Success" },
            ["default"] = Response("Failure", ManagementJson.Default.ProblemMessage.GetJsonSchemaAsNode(Plain), "application/problem+json"),
        });

    private static JsonObject OperationOf(
        string method, string path, string summary, IReadOnlyList<string> query, JsonTypeInfo? body, JsonObject responses)
    {
        var operation = new JsonObject
        {
            ["summary"] = summary,
            ["operationId"] =
                $"{method.ToLowerInvariant()}_{string.Concat(path.Trim('/').Split('{', '}')).Replace('/', '_').Replace('-', '_')}",
            ["parameters"] = new JsonArray([.. ParametersOf(path, query)]),
            ["responses"] = responses,
        };
        if (body is not null)
        {
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = JsonOf(body.GetJsonSchemaAsNode(Plain)) };
        }

        return operation;
    }

    private static IEnumerable<JsonNode> ParametersOf(string path, IReadOnlyList<string> query)
    {
        foreach (var name in new[] { "id", "name" })
        {
            if (path.Contains($"{{{name}}}", StringComparison.Ordinal))
            {
                yield return Parameter(name, "path", true);
            }
        }

        foreach (var name in query)
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

    private static JsonObject Response(string description, JsonNode schema, string type = "application/json") =>
        new() { ["description"] = description, ["content"] = JsonOf(schema, type) };

    private static JsonObject JsonOf(JsonNode schema, string type = "application/json") =>
        new() { [type] = new JsonObject { ["schema"] = schema } };

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
