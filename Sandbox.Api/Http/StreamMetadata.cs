namespace Sandbox.Api.Http;

/// <summary>Marks a route whose requests last as long as their callers like.</summary>
internal sealed class StreamMetadata
{
    private StreamMetadata()
    {
    }

    public static StreamMetadata Instance { get; } = new();
}
