using System.Text;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Http;

/// <summary>The token that an agent which listens demands of its callers. The first owner may replace it; where the one from the command
/// line is for that only, it opens nothing else, and nothing any more after it.</summary>
internal sealed class DemandedToken(AgentOptions options)
{
    internal const int Shortest = 16;

    private volatile byte[] _token = Encoding.UTF8.GetBytes(options.Token);
    private volatile bool _isReplaced;

    public void Replace(string token)
    {
        _token = Encoding.UTF8.GetBytes(token);
        _isReplaced = true;
    }

    public bool Opens(string path, string sent) =>
        Matches(_token, sent) && (_isReplaced || !options.TokenIsForInit || path == AgentRoutes.Init);

    /// <summary>The time depends on the length of what was sent only. An own loop: the framework's would load OpenSSL into the static
    /// binary.</summary>
    private static bool Matches(byte[] token, string sent)
    {
        var bytes = Encoding.UTF8.GetBytes(sent);
        var difference = bytes.Length ^ token.Length;
        for (var i = 0; i < bytes.Length; i++)
        {
            difference |= bytes[i] ^ token[i % token.Length];
        }

        return difference == 0;
    }
}
