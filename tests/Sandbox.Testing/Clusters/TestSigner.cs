using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;

namespace Sandbox.Testing.Clusters;

/// <summary>Signs requests as a process of a cluster does.</summary>
public static class TestSigner
{
    /// <param name="purpose">One of <see cref="SignaturePurpose"/>.</param>
    /// <param name="time">Null: the machine's.</param>
    public static RequestSigner Of(string secret, string purpose, TimeProvider? time = null) =>
        new ClusterSecret(Options.Create(new ClusterOptions { Secret = secret }), time ?? TimeProvider.System).Signer(purpose);
}
