namespace Sandbox.Api.Http;

/// <summary>Whether a body says of itself that it is JSON. A page of another origin can send a body of another type, or of none, without
/// asking the server first; with this one the browser asks.</summary>
internal static class JsonMediaType
{
    public static bool Is(string? contentType)
    {
        var media = contentType.AsSpan();
        media = (media.IndexOf(';') is >= 0 and var end ? media[..end] : media).Trim();
        return media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (media.StartsWith("application/", StringComparison.OrdinalIgnoreCase)
                && media.EndsWith("+json", StringComparison.OrdinalIgnoreCase));
    }
}
