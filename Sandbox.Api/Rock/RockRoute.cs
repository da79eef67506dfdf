using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Api.Rock;

/// <summary>One row of the table that both maps ROCK's routes and describes them.</summary>
/// <param name="Method">GET, POST or DELETE.</param>
/// <param name="Path">Below <see cref="Prefix"/>.</param>
/// <param name="FailureMessage">The <c>message</c> of its failures.</param>
/// <param name="Summary">One line for the document.</param>
/// <param name="Handler">Answers the request.</param>
internal sealed record RockRoute(string Method, string Path, string FailureMessage, string Summary, RequestDelegate Handler)
{
    public const string Prefix = "/apis/envs/sandbox/v1";

    /// <summary>The part of the document that it is in.</summary>
    public string Tag { get; init; } = "";

    /// <summary>The JSON body it reads; null: none (or a form).</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>The <c>result</c> of its success; null: null.</summary>
    public JsonTypeInfo? Result { get; init; }

    /// <summary>Whether a request lasts as long as its caller likes.</summary>
    public bool IsStream { get; init; }

    /// <summary>Names of its query parameters; those that end in ? are optional.</summary>
    public IReadOnlyList<string> Query { get; init; } = [];
}
