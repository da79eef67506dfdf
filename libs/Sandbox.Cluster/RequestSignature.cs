using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Cluster;

/// <summary>
/// How one process of a cluster shows another that it knows the cluster's secret, without telling it: a keyed hash over the
/// moment, the method and the target of a request. A process that listens where a worker is expected learns nothing that
/// opens another endpoint, and what was overheard is of no use for another request, or later.
/// </summary>
public static class RequestSignature
{
    public const string Header = "Sandbox-Cluster-Proof";

    /// <summary>Fewer characters could be guessed.</summary>
    public const int MinSecret = 32;

    /// <summary>How far the clocks of two machines may be apart.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <param name="target">Path and query, as they stand in the request line.</param>
    public static string Make(ReadOnlySpan<byte> secret, string method, string target, DateTimeOffset now)
    {
        var moment = now.ToUnixTimeMilliseconds();
        return string.Create(CultureInfo.InvariantCulture, $"{moment}.{Convert.ToHexStringLower(Hash(secret, moment, method, target))}");
    }

    /// <summary>Takes the same time whatever is wrong with the hash.</summary>
    public static bool IsGood(string? proof, ReadOnlySpan<byte> secret, string method, string target, DateTimeOffset now)
    {
        var dot = proof?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        Span<byte> told = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (dot < 0
            || !long.TryParse(proof.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var moment)
            || Convert.FromHexString(proof.AsSpan(dot + 1), told, out _, out var written) is not System.Buffers.OperationStatus.Done
            || written != told.Length)
        {
            return false;
        }

        var apart = Math.Abs(now.ToUnixTimeMilliseconds() - moment);
        return CryptographicOperations.FixedTimeEquals(Hash(secret, moment, method, target), told) && apart <= Tolerance.TotalMilliseconds;
    }

    private static byte[] Hash(ReadOnlySpan<byte> secret, long moment, string method, string target) =>
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{moment}\n{method}\n{target}")));
}
