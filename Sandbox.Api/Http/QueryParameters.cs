namespace Sandbox.Api.Http;

/// <summary>Query parameters of a route whose handler reads them by itself, for the document.</summary>
/// <param name="Names">Those that end in ? are optional.</param>
internal sealed record QueryParameters(IReadOnlyList<string> Names);
