using System.Text;
using Microsoft.Extensions.Options;

namespace Sandbox.Cluster;

/// <summary>The cluster's secret, read once. Others ask for a request signature, or have one checked.</summary>
public sealed class ClusterSecret(IOptions<ClusterOptions> options, TimeProvider time)
{
    private readonly byte[] _secret = Encoding.UTF8.GetBytes(Read(options.Value));

    public string Prove(string method, string target) => RequestSignature.Make(_secret, method, target, time.GetUtcNow());

    public bool IsProven(string? proof, string method, string target) =>
        RequestSignature.IsGood(proof, _secret, method, target, time.GetUtcNow());

    /// <summary>Returns the secret for a node that joins with a token, under its seal; no other code asks for it.</summary>
    public string Reveal() => Encoding.UTF8.GetString(_secret);

    internal static string Read(ClusterOptions options) =>
        options.SecretFile.Length > 0 ? File.ReadAllText(options.SecretFile).Trim() : options.Secret;
}
