using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Sandbox.Cluster.Signatures;

namespace Sandbox.Cluster;

/// <summary>The cluster's secret, read once. Nothing is signed with it itself: each purpose has a key that is derived from it.</summary>
public sealed class ClusterSecret(IOptions<ClusterOptions> options, TimeProvider time)
{
    /// <summary>Fewer characters could be guessed.</summary>
    public const int MinLength = 32;

    private readonly byte[] _secret = Encoding.UTF8.GetBytes(Read(options.Value));
    private readonly IReadOnlyList<byte[]> _former = [.. ReadFormer(options.Value).Select(Encoding.UTF8.GetBytes)];

    /// <param name="purpose">One of <see cref="SignaturePurpose"/>.</param>
    public RequestSigner Signer(string purpose) => new(KeyFor(purpose), time);

    /// <param name="purpose">One of <see cref="SignaturePurpose"/>.</param>
    /// <param name="notBefore">Requests that were signed earlier are to be signed anew; default: none.</param>
    public RequestVerifier Verifier(string purpose, DateTimeOffset notBefore = default) => new(KeyFor(purpose), notBefore, time);

    /// <summary>The same, for a process that begins now and cannot know what the one before it accepted.</summary>
    public RequestVerifier VerifierFromNow(string purpose) => Verifier(purpose, time.GetUtcNow());

    /// <summary>Returns the secret for a node that joins with a token, under its seal; no other code asks for it.</summary>
    public string Reveal() => Encoding.UTF8.GetString(_secret);

    /// <summary>What secrets in the cluster's records are encrypted under: the present one first.</summary>
    public IReadOnlyList<byte[]> RecordSecrets() =>
        [.. _former.Prepend(_secret).Select(secret => KeyOf(secret, "records"))];

    internal static string[] ReadFormer(ClusterOptions options) => options.FormerSecretFile.Length > 0
        ? [.. File.ReadLines(options.FormerSecretFile).Select(line => line.Trim()).Where(line => line.Length > 0)] : [];

    internal static string Read(ClusterOptions options) =>
        options.SecretFile.Length > 0 ? File.ReadAllText(options.SecretFile).Trim() : options.Secret;

    private byte[] KeyFor(string purpose) => KeyOf(_secret, purpose);

    private static byte[] KeyOf(byte[] secret, string purpose) =>
        HKDF.DeriveKey(
            HashAlgorithmName.SHA256, secret, HMACSHA256.HashSizeInBytes, info: Encoding.UTF8.GetBytes($"sandbox-cluster/2 {purpose}"));
}
