using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Contracts.E2b;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Documents;

/// <summary>Registers the OpenAPI document.</summary>
internal static class DocumentServiceCollectionExtensions
{
    public static IServiceCollection AddDocument(this IServiceCollection services)
    {
        // What travels is written by its own context; these options serve the document alone, and name members as the contexts do.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, RockJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, ManagementJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(2, E2bJson.Default);
        });
        return services.AddOpenApi(
            static document => document.AddDocumentTransformer<DocumentTransformer>().AddOperationTransformer<OperationTransformer>());
    }
}
