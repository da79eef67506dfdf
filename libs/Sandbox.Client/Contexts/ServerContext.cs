namespace Sandbox.Client.Contexts;

/// <summary>A server that is known by a name.</summary>
/// <param name="Url">For example <c>http://127.0.0.1:8080</c>.</param>
/// <param name="ApiKey">Null: it asks for none.</param>
public sealed record ServerContext(Uri Url, string? ApiKey)
{
    /// <summary>Whether this is the server at that address.</summary>
    public bool IsAt(Uri address) =>
        Uri.Compare(Url, address, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{nameof(ServerContext)} {Url}";
}
