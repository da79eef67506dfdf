using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Documents;

/// <summary>Adds to each operation what its handler's signature does not say: an id, parameters that the handler reads by itself, and the
/// form of failures.</summary>
internal sealed class OperationTransformer : IOpenApiOperationTransformer
{
    /// <summary>What operations are not named after.</summary>
    private static readonly string[] Prefixes = [ManagementEndpoints.Prefix, RockRoute.Prefix];

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var path = $"/{context.Description.RelativePath}";
        operation.OperationId ??= IdOf(context.Description.HttpMethod!, path);
        AddParameters(operation, path, context.Description.ActionDescriptor.EndpointMetadata.OfType<QueryParameters>());
        if (path.StartsWith(ManagementEndpoints.Prefix, StringComparison.Ordinal))
        {
            AddFailure(operation, context.Document!);
        }

        return Task.CompletedTask;
    }

    private static string IdOf(string method, string path)
    {
        var prefix = Prefixes.FirstOrDefault(prefix => path.StartsWith(prefix, StringComparison.Ordinal)) ?? "";
        var name = string.Concat(path[prefix.Length..].Trim('/').Split('{', '}')).Replace('/', '_').Replace('-', '_');
        return $"{method.ToLowerInvariant()}_{name}";
    }

    private static void AddParameters(OpenApiOperation operation, string path, IEnumerable<QueryParameters> queries)
    {
        var parameters = operation.Parameters ??= [];
        foreach (var name in path.Split('{').Skip(1).Select(part => part.Split('}')[0]))
        {
            if (parameters.All(known => known.Name != name))
            {
                parameters.Add(Parameter(name, ParameterLocation.Path, isRequired: true));
            }
        }

        foreach (var name in queries.SelectMany(query => query.Names))
        {
            parameters.Add(Parameter(name.TrimEnd('?'), ParameterLocation.Query, isRequired: !name.EndsWith('?')));
        }
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, bool isRequired) => new()
    {
        Name = name,
        In = place,
        Required = isRequired,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    /// <summary>Which statuses a request can fail with depends on what it is about; the form is the same.</summary>
    private static void AddFailure(OpenApiOperation operation, OpenApiDocument document)
    {
        var form = new OpenApiMediaType { Schema = new OpenApiSchemaReference(nameof(ProblemMessage), document) };
        operation.Responses ??= [];
        operation.Responses["default"] = new OpenApiResponse
        {
            Description = "Failure",
            Content = new Dictionary<string, OpenApiMediaType> { [ProblemResult.ContentType] = form },
        };
    }
}
