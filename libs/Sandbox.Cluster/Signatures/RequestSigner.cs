using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Sandbox.Cluster.Signatures;

/// <summary>Signs the requests of this process for one purpose.</summary>
public sealed class RequestSigner(byte[] key, TimeProvider time)
{
    private readonly ulong _sender = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private ulong _sequence;

    /// <summary>Adds the signature, in the place of an earlier one; a body that is not short and in memory is framed from now on.</summary>
    /// <param name="recipient">The one process that the request is for.</param>
    public void Sign(HttpRequestMessage request, string recipient)
    {
        request.Content = SignedContent.Original(request.Content);
        var body = BodyOf(request.Content);
        var (header, frameKey) = Make(request.Method.Method, TargetOf(request.RequestUri!), recipient, body);
        if (body == RequestSignature.FramedBody)
        {
            request.Content = new SignedContent(request.Content!, frameKey);
        }

        request.Headers.Remove(RequestSignature.Header);
        request.Headers.TryAddWithoutValidation(RequestSignature.Header, header);
    }

    /// <summary>The header of a request.</summary>
    /// <param name="target">Path and query, as they stand in the request line.</param>
    /// <param name="body">As <see cref="RequestSignature.Body"/> says it.</param>
    public string Sign(string method, string target, string recipient, string body) => Make(method, target, recipient, body).Header;

    private (string Header, byte[] FrameKey) Make(string method, string target, string recipient, string body)
    {
        var signature = new RequestSignature(
            time.GetUtcNow().ToUnixTimeMilliseconds(), _sender, Interlocked.Increment(ref _sequence), body);
        var mac = signature.Sign(key, method, target, recipient);
        return (signature.ToHeader(mac), body == RequestSignature.FramedBody ? RequestSignature.FrameKey(key, mac) : []);
    }

    private static string TargetOf(Uri address) => address.IsAbsoluteUri ? address.PathAndQuery : address.OriginalString;

    private static string BodyOf(HttpContent? content)
    {
        if (content is null || LengthOf(content.Headers) == 0)
        {
            return RequestSignature.NoBody;
        }

        if (content is not ByteArrayContent || LengthOf(content.Headers) is not <= RequestSignature.LargestHashedBody)
        {
            return RequestSignature.FramedBody;
        }

        // The stream over its bytes is the same at a second attempt, and stands at its end then.
        var bytes = content.ReadAsStream();
        bytes.Position = 0;
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    private static long? LengthOf(HttpContentHeaders headers) => headers.ContentLength;
}
