using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Ids;
using Sandbox.Storage.Encryption;

namespace Sandbox.Api.Auth;

/// <summary>The access token of each sandbox, which opens that one and nothing else. It is derived and kept nowhere, so each process of a
/// cluster knows it; an id that is used again has another.</summary>
internal sealed class SandboxAccessTokens(FieldCipher cipher)
{
    private const string Purpose = "access token";

    public string Of(SandboxId id, IncarnationId incarnation) => All(id, incarnation).First();

    public bool Accepts(SandboxId id, IncarnationId incarnation, string presented) =>
        IsAny(presented, All(id, incarnation));

    /// <summary>Whether a signature stands for the token in one request about a file.</summary>
    /// <param name="operation"><c>read</c> or <c>write</c>.</param>
    /// <param name="user">Empty: none was named.</param>
    /// <param name="expiration">Seconds since 1970; null: it does not expire.</param>
    public bool Accepts(
        SandboxId id, IncarnationId incarnation, string signature, string path, string operation, string user, long? expiration) =>
        IsAny(signature, All(id, incarnation).Select(token => Sign(token, path, operation, user, expiration)));

    /// <summary>As E2B's clients make it.</summary>
    internal static string Sign(string token, string path, string operation, string user, long? expiration)
    {
        var end = expiration is { } at ? ":" + at.ToString(CultureInfo.InvariantCulture) : "";
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{path}:{operation}:{user}:{token}{end}"));
        return "v1_" + Convert.ToBase64String(hash).TrimEnd('=');
    }

    private IEnumerable<string> All(SandboxId id, IncarnationId incarnation) =>
        cipher.DeriveSecrets(Purpose, $"{id}\n{incarnation}").Select(Convert.ToHexStringLower);

    /// <summary>Takes the same time whichever it is.</summary>
    private static bool IsAny(string presented, IEnumerable<string> expected)
    {
        var (bytes, found) = (Encoding.UTF8.GetBytes(presented), false);
        foreach (var one in expected)
        {
            found |= CryptographicOperations.FixedTimeEquals(bytes, Encoding.UTF8.GetBytes(one));
        }

        return found;
    }
}
