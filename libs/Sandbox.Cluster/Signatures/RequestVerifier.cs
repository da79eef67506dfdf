using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sandbox.Cluster.Signatures;

/// <summary>Verifies the requests to this process for one purpose. Each is accepted once.</summary>
/// <param name="notBefore">Requests that were signed earlier are <see cref="SignatureStatus.Stale"/>.</param>
public sealed class RequestVerifier(byte[] key, DateTimeOffset notBefore, TimeProvider time)
{
    private readonly ReplayWindow _seen = new(time);
    private readonly long _notBefore = notBefore.ToUnixTimeMilliseconds();

    /// <summary>Takes the signature off a request, and sees to its body: a short one is compared with its hash now, a framed one is
    /// verified as it is read (an <see cref="InvalidDataException"/> where it was changed).</summary>
    /// <param name="recipient">This process, as its callers name it.</param>
    public async ValueTask<SignatureStatus> VerifyAsync(HttpContext http, string recipient)
    {
        // As it stood in the request line, before anything was decoded.
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (http.Request.Headers[RequestSignature.Header] is not [{ } header]
            || !RequestSignature.TryParse(header, out var signature, out var mac)
            || !CryptographicOperations.FixedTimeEquals(signature.Sign(key, http.Request.Method, target, recipient), mac)
            || !IsOfNow(signature))
        {
            return SignatureStatus.Bad;
        }

        if (signature.Moment < _notBefore)
        {
            return SignatureStatus.Stale;
        }

        if (!_seen.TryAccept(signature.Sender, signature.Sequence))
        {
            return SignatureStatus.Bad;
        }

        http.Request.Headers.Remove(RequestSignature.Header);
        return await TakeBodyAsync(http, signature, mac) ? SignatureStatus.Good : SignatureStatus.Bad;
    }

    private bool IsOfNow(RequestSignature signature) =>
        Math.Abs(time.GetUtcNow().ToUnixTimeMilliseconds() - signature.Moment) <= RequestSignature.Window.TotalMilliseconds;

    /// <summary>False: the body is not the one that was signed.</summary>
    private async ValueTask<bool> TakeBodyAsync(HttpContext http, RequestSignature signature, byte[] mac)
    {
        var request = http.Request;
        switch (signature.Body)
        {
            case RequestSignature.NoBody:
                return request.ContentLength is null or 0 && request.Headers.TransferEncoding.Count == 0;
            case RequestSignature.FramedBody:
                // What is left without its frames is shorter than what was announced.
                request.Headers.ContentLength = null;
                request.Body = new SignedBody(request.Body, RequestSignature.FrameKey(key, mac));
                return true;
            default:
                return await TakeHashedBodyAsync(http, signature.Body);
        }
    }

    private static async ValueTask<bool> TakeHashedBodyAsync(HttpContext http, string hash)
    {
        if (http.Request.ContentLength is not (> 0 and <= RequestSignature.LargestHashedBody and var length))
        {
            return false;
        }

        var body = new byte[length];
        await http.Request.Body.ReadExactlyAsync(body, http.RequestAborted);
        http.Request.Body = new MemoryStream(body, writable: false);
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(body), Convert.FromHexString(hash));
    }
}
