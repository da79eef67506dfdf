using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;

namespace Sandbox.Node.Agents;

/// <summary>
/// The tokens that agents show on TCP, or demand where they listen, one per incarnation: its id and a keyed hash of it. They are computed,
/// never stored, so that the owner's next life (or the next head) accepts the agents of the one before it.
/// </summary>
public sealed class AgentTokens
{
    /// <summary>Bytes that the secret must have at least.</summary>
    public const int MinSecret = 32;

    private static readonly byte[] Purpose = "sandbox-agent/1 "u8.ToArray();

    private readonly Lazy<byte[]> _secret;

    public AgentTokens(IOptions<WorkerOptions> options) => _secret = new Lazy<byte[]>(() => Read(options.Value));

    internal AgentTokens(byte[] secret) => _secret = new Lazy<byte[]>(secret);

    /// <summary>What the agent of this incarnation is given.</summary>
    public string Of(IncarnationId incarnation) => $"{incarnation}.{Convert.ToHexStringLower(Hash(incarnation))}";

    /// <summary>Reads whose token it is; false when it is no incarnation's. The time it takes does not depend on how much of it
    /// is right.</summary>
    internal bool TryRead(string token, out IncarnationId incarnation)
    {
        var dot = token.IndexOf('.', StringComparison.Ordinal);
        return IncarnationId.TryParse(dot < 0 ? token : token[..dot], null, out incarnation)
            && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(Of(incarnation)));
    }

    private static byte[] Read(WorkerOptions options)
    {
        if (options.AgentSecret.Length > 0)
        {
            return Encoding.UTF8.GetBytes(options.AgentSecret);
        }

        if (options.AgentSecretFile.Length == 0)
        {
            throw new InvalidOperationException(
                $"Agents in pods need {WorkerOptions.Section}:{nameof(WorkerOptions.AgentSecretFile)} or "
                    + $"{nameof(WorkerOptions.AgentSecret)}.");
        }

        var secret = File.ReadAllBytes(options.AgentSecretFile);
        return secret.Length >= MinSecret
            ? secret
            : throw new InvalidOperationException(
                $"{WorkerOptions.Section}:{nameof(WorkerOptions.AgentSecretFile)}: '{options.AgentSecretFile}' has {secret.Length} "
                    + $"bytes; at least {MinSecret} random ones are needed.");
    }

    private byte[] Hash(IncarnationId incarnation) =>
        HMACSHA256.HashData(_secret.Value, Message(incarnation));

    private static byte[] Message(IncarnationId incarnation) => [.. Purpose, .. Encoding.ASCII.GetBytes(incarnation.ToString())];
}
