using System.Security.Cryptography;
using System.Text;
using Sandbox.Client.Contexts;

namespace AppHost;

/// <summary>The key of a running stack's API. Another one for each run: what was shown to a process that took the port after it opens
/// nothing.</summary>
internal sealed class ApiAccess
{
    public const string Header = "X-API-Key";

    public string Key { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>For <c>Api:KeyHashes</c>.</summary>
    public string KeyHash => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key)));

    public ServerContext ContextAt(Uri api) => new(api, Key);

    public HttpClient Client(TimeSpan timeout)
    {
        var http = new HttpClient { Timeout = timeout };
        http.DefaultRequestHeaders.Add(Header, Key);
        return http;
    }
}
