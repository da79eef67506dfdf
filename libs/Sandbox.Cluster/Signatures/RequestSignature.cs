using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Cluster.Signatures;

/// <summary>What a signed request says of itself, and the keyed hash over it: moment, sender, sequence number, method, target, recipient
/// and body. The secret itself is never sent.</summary>
/// <param name="Moment">When it was signed, Unix time in milliseconds.</param>
/// <param name="Sender">A number that each signing process draws for itself.</param>
/// <param name="Sequence">Another one for each request of that sender.</param>
/// <param name="Body"><see cref="NoBody"/>, <see cref="FramedBody"/>, or the SHA-256 of the whole body in hexadecimal digits.</param>
public sealed record RequestSignature(long Moment, ulong Sender, ulong Sequence, string Body)
{
    public const string Header = "Sandbox-Cluster-Proof";

    /// <summary>The request has no body.</summary>
    public const string NoBody = "-";

    /// <summary>Each frame of the body is signed (<see cref="SignedContent"/>).</summary>
    public const string FramedBody = "frames";

    /// <summary>Largest body whose hash stands in the header, bytes: the receiver holds all of it before it acts. Longer ones, and those
    /// whose length is not known, are framed.</summary>
    public const int LargestHashedBody = 64 * 1024;

    /// <summary>How far the clocks of two machines may be apart, and how long a request may be on its way.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private const string Version = "2";
    private const int Parts = 6;

    /// <param name="target">Path and query, as they stand in the request line.</param>
    /// <param name="recipient">The one process that the request is for.</param>
    public byte[] Sign(ReadOnlySpan<byte> key, string method, string target, string recipient) =>
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{this}\n{method}\n{target}\n{recipient}"));

    /// <summary>The key of this request's frames.</summary>
    public static byte[] FrameKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> mac) =>
        HMACSHA256.HashData(key, [.. "frames\n"u8, .. mac]);

    public string ToHeader(ReadOnlySpan<byte> mac) => $"{this}.{Convert.ToHexStringLower(mac)}";

    /// <summary>False: it is none of this version.</summary>
    public static bool TryParse(string? header, out RequestSignature signature, out byte[] mac)
    {
        (signature, mac) = (None, []);
        if (header?.Split('.', Parts + 1) is not [Version, var moment, var sender, var sequence, var body, var hash]
            || !long.TryParse(moment, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            || !ulong.TryParse(sender, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var from)
            || !ulong.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !TryReadHash(hash, out mac)
            || (body is not (NoBody or FramedBody) && !TryReadHash(body, out _)))
        {
            return false;
        }

        signature = new RequestSignature(at, from, number, body);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Version}.{Moment}.{Sender:x}.{Sequence}.{Body}");

    private static RequestSignature None { get; } = new(0, 0, 0, NoBody);

    private static bool TryReadHash(string text, out byte[] hash)
    {
        hash = new byte[SHA256.HashSizeInBytes];
        return text.Length == hash.Length * 2 && Convert.FromHexString(text, hash, out _, out _) is OperationStatus.Done;
    }
}
