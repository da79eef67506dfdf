using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Api.Http;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

/// <summary>How a success of the management routes is written and described. By the metadata that the compiler made, and with the length
/// stated; what the framework has for it does neither.</summary>
internal static class ManagementAnswer
{
    private const string ContentType = "application/json";

    public static Task WriteAsync<T>(HttpContext http, T value) =>
        JsonAnswer.WriteAsync(http, writer => JsonSerializer.Serialize(writer, value, TypeInfoOf<T>()), ContentType);

    public static void Describe<T>(EndpointBuilder endpoint, int status) =>
        endpoint.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(T), [ContentType]));

    /// <exception cref="InvalidOperationException">It is missing in <see cref="ManagementJson"/>.</exception>
    public static JsonTypeInfo<T> TypeInfoOf<T>() => (JsonTypeInfo<T>?)ManagementJson.Default.GetTypeInfo(typeof(T))
        ?? throw new InvalidOperationException($"{nameof(ManagementJson)} does not know {typeof(T)}.");
}
