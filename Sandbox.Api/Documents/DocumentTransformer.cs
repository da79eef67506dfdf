using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Sandbox.Api.Documents;

/// <summary>Says what the whole API is, and how a caller proves who it is.</summary>
internal sealed class DocumentTransformer : IOpenApiDocumentTransformer
{
    private const string Key = "apiKey";
    private const string Bearer = "bearer";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Sandbox.Aspire",
            Version = "v1",
            Description = "Sandboxes in ROCK's wire format: every answer is an envelope with HTTP status 200. Processes and files also "
                + "stream in the envd protocol: send its requests here with the header E2b-Sandbox-Id. What lies below /api/v1 answers "
                + "problem details.",
        };

        // Where it is served the caller knows best; by default it would be as the caller's Host header says.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Key] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "X-API-Key",
                Description = "An API key. A server that has none asks for none, and answers only to callers on its own machine.",
            },
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The same API key, in the header Authorization.",
            },
        };
        document.Security = [.. new[] { Key, Bearer }.Select(name => new OpenApiSecurityRequirement
        {
            [new OpenApiSecuritySchemeReference(name, document)] = [],
        })];
        return Task.CompletedTask;
    }
}
