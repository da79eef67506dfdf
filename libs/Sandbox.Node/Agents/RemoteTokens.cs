using Microsoft.Extensions.Options;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Agents;

/// <summary>The tokens of agents that already run elsewhere. Read when one is needed, so that the file may be changed.</summary>
internal sealed class RemoteTokens(IOptions<WorkerOptions> options)
{
    /// <summary>Only for exactly this host and port: a caller that asks for a sandbox elsewhere must not be sent another's token.</summary>
    public string? Find(RemoteAgent agent)
    {
        if (options.Value.RemoteTokenFile.Length == 0)
        {
            return null;
        }

        var address = DialingTransport.AddressOf(agent);
        var authority = $"{address.Host}:{address.Port}";
        return File.ReadLines(options.Value.RemoteTokenFile)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .FirstOrDefault(line => line.Length == 2 && line[0] == authority)?[1];
    }
}
