using System.Security.Cryptography;
using System.Text;
using Sandbox.Cluster.Signatures;

namespace Sandbox.Cluster;

/// <summary>The key of a node that joined with a token and does not know the cluster's secret. The health service keeps its hash, which is
/// what requests are signed and verified by.</summary>
public static class NodeKey
{
    public static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    public static RequestSigner Signer(string key, TimeProvider time) => new(KeyOf(HashOf(key)), time);

    public static RequestVerifier Verifier(byte[] hash, TimeProvider time) => new(KeyOf(hash), notBefore: default, time);

    private static byte[] KeyOf(byte[] hash) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, hash, HMACSHA256.HashSizeInBytes, info: "sandbox-node-key/1"u8.ToArray());
}
