using System.Collections.Concurrent;
using System.Security.Cryptography;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Stores;

namespace Health.Service.Http;

/// <summary>Finds out who signed a request to this instance of the service. What it accepted is kept in memory, so requests are signed for
/// this life of this process and for no other.</summary>
internal sealed class HealthCallers(ClusterSecret secret, IMemberStore members, TimeProvider time)
{
    /// <summary>Keys of nodes that are remembered.</summary>
    private const int MostNodes = 1024;

    private readonly RequestVerifier _cluster = secret.Verifier(SignaturePurpose.Health);
    private readonly ConcurrentDictionary<string, RequestVerifier> _nodes = new(StringComparer.Ordinal);

    public string Instance { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private string Recipient => HealthRoutes.RecipientOf(Instance);

    /// <summary>Null: nobody of this cluster.</summary>
    public async Task<HealthCaller?> FindAsync(HttpContext http)
    {
        if (http.Request.Headers[HealthRoutes.NodeHeader] is not [{ Length: > 0 } encoded])
        {
            return await _cluster.VerifyAsync(http, Recipient) is SignatureStatus.Good ? new HealthCaller(Node: null) : null;
        }

        var node = Uri.UnescapeDataString(encoded);
        var known = (await members.ListAsync(http.RequestAborted)).FirstOrDefault(view => view.Member.Node == node);
        return known?.Member.KeyHash is { } hash && await Verifier(hash).VerifyAsync(http, Recipient) is SignatureStatus.Good
            ? new HealthCaller(node)
            : null;
    }

    private RequestVerifier Verifier(byte[] hash)
    {
        if (_nodes.Count >= MostNodes)
        {
            // Nodes that joined have one key each; so many are left only by nodes that are gone.
            _nodes.Clear();
        }

        return _nodes.GetOrAdd(Convert.ToHexString(hash), _ => NodeKey.Verifier(hash, time));
    }
}
