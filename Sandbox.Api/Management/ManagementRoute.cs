using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Api.Management;

/// <summary>One row of the table that both maps the management routes and describes them.</summary>
/// <param name="Path">Below <see cref="ManagementEndpoints.Prefix"/>.</param>
/// <param name="Summary">One line for the document.</param>
internal sealed record ManagementRoute(string Method, string Path, string Summary, RequestDelegate Handler)
{
    /// <summary>The JSON body it reads; null: none.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>The body of its success; null: none, and the status is 204.</summary>
    public JsonTypeInfo? Result { get; init; }

    /// <summary>Any caller with a key may ask, and is answered about what is its own.</summary>
    public bool IsForTenants { get; init; }

    public IReadOnlyList<string> Query { get; init; } = [];
}
