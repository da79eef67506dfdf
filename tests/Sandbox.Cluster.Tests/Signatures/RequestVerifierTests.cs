using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Signatures;

namespace Sandbox.Cluster.Tests.Signatures;

/// <summary>Which requests a process takes for its cluster's, and that each is taken once.</summary>
public sealed class RequestVerifierTests
{
    private const string Secret = "a secret of the tests that is long enough";
    private const string Target = "/v1/agents/box/0123/rock/execute?a=%2Fb";
    private const string Recipient = "10.0.0.7:8090";

    private static readonly byte[] Body = "{\"command\":[\"true\"]}"u8.ToArray();

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly RequestSigner _signer;
    private readonly RequestVerifier _verifier;

    public RequestVerifierTests()
    {
        var secret = SecretOf(Secret);
        (_signer, _verifier) = (secret.Signer(SignaturePurpose.NodeApi), secret.VerifierFromNow(SignaturePurpose.NodeApi));
    }

    [Fact]
    public async Task Request_AsItWasSigned_IsGoodOnceAndLosesItsSignature()
    {
        var header = Sign(Body);
        var request = Arrived(header, Body);

        Assert.Equal(SignatureStatus.Good, await _verifier.VerifyAsync(request, Recipient));
        Assert.False(request.Request.Headers.ContainsKey(RequestSignature.Header), "no sandbox is to see the signature");
        Assert.Equal(Body, await ReadAsync(request));
        Assert.Equal(SignatureStatus.Bad, await _verifier.VerifyAsync(Arrived(header, Body), Recipient));
    }

    [Theory]
    [InlineData(0, SignatureStatus.Good)]
    [InlineData(30, SignatureStatus.Good)]
    [InlineData(31, SignatureStatus.Bad)]
    public async Task Request_ThatWasLongOnItsWay_IsGoodForTheWindow(int seconds, SignatureStatus expected)
    {
        var header = Sign(Body);
        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(expected, await _verifier.VerifyAsync(Arrived(header, Body), Recipient));
    }

    [Theory]
    [InlineData("another body", "POST", Target, "{\"command\":[\"rm\"]}", Recipient)]
    [InlineData("a longer body", "POST", Target, "{\"command\":[\"true\"]} ", Recipient)]
    [InlineData("no body", "POST", Target, "", Recipient)]
    [InlineData("another method", "PUT", Target, "{\"command\":[\"true\"]}", Recipient)]
    [InlineData("another target", "POST", "/v1/agents/box/0123/agent/shutdown", "{\"command\":[\"true\"]}", Recipient)]
    [InlineData("another recipient", "POST", Target, "{\"command\":[\"true\"]}", "10.0.0.8:8090")]
    public async Task Request_WithTheSignatureOfAnother_IsBad(string what, string method, string target, string body, string recipient)
    {
        var request = Arrived(Sign(Body), System.Text.Encoding.UTF8.GetBytes(body), method, target);

        var status = await _verifier.VerifyAsync(request, recipient);

        Assert.True(status is SignatureStatus.Bad, $"{what} than what was signed was to be refused");
    }

    [Fact]
    public async Task Request_SignedForAnotherPurposeOrWithAnotherSecret_IsBad()
    {
        foreach (var signer in (RequestSigner[])[
            SecretOf(Secret).Signer(SignaturePurpose.Health),
            SecretOf("another secret of the tests, long enough").Signer(SignaturePurpose.NodeApi),
            NodeKey.Signer(Secret, _time)])
        {
            Assert.Equal(SignatureStatus.Bad, await _verifier.VerifyAsync(Arrived(Sign(Body, signer), Body), Recipient));
        }
    }

    /// <summary>What the process before this one accepted is not known to it.</summary>
    [Fact]
    public async Task Request_SignedBeforeTheProcessBegan_IsStale()
    {
        var header = Sign(Body);
        _time.Advance(TimeSpan.FromSeconds(1));
        var next = SecretOf(Secret).VerifierFromNow(SignaturePurpose.NodeApi);

        Assert.Equal(SignatureStatus.Stale, await next.VerifyAsync(Arrived(header, Body), Recipient));
        Assert.Equal(SignatureStatus.Good, await next.VerifyAsync(Arrived(Sign(Body), Body), Recipient));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("......")]
    [InlineData("1767225600000.00")]
    [InlineData("2.1767225600000.1.1.-.00")]
    [InlineData("2.-1.1.1.-.0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("2.1767225600000.1.1.x.0000000000000000000000000000000000000000000000000000000000000000")]
    public async Task Signature_ThatIsNone_IsBad(string? header) =>
        Assert.Equal(SignatureStatus.Bad, await _verifier.VerifyAsync(Arrived(header, Body), Recipient));

    [Fact]
    public void Signature_DoesNotTellTheSecret() => Assert.DoesNotContain("secret", Sign(Body), StringComparison.Ordinal);

    [Fact]
    public async Task Request_SignedAgain_IsAnotherOne()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{Recipient}{Target}"))
        {
            Content = new ByteArrayContent(Body),
        };

        foreach (var _ in Enumerable.Range(0, 2))
        {
            _signer.Sign(request, Recipient);
            var header = request.Headers.GetValues(RequestSignature.Header).Single();
            Assert.Equal(SignatureStatus.Good, await _verifier.VerifyAsync(Arrived(header, Body), Recipient));
        }
    }

    [Theory]
    [InlineData(RequestSignature.LargestHashedBody + 1)]
    [InlineData(1_000_000)]
    public async Task Body_ThatIsTooLongForAHash_ArrivesWholeInFrames(int length)
    {
        var (header, frames, body) = await FramedAsync(length);
        var request = Arrived(header, frames);

        Assert.Equal(SignatureStatus.Good, await _verifier.VerifyAsync(request, Recipient));
        var read = await ReadAsync(request);
        Assert.True(body.AsSpan().SequenceEqual(read), "the body was to arrive as it was sent");
    }

    [Theory]
    [InlineData("a changed byte", 100, 0)]
    [InlineData("a changed length", 1, 0)]
    [InlineData("a cut end", -1, 36)]
    [InlineData("a cut frame", -1, 40)]
    public async Task FramedBody_ThatWasChanged_EndsWithAnError(string what, int changed, int cut)
    {
        var (header, frames, _) = await FramedAsync(100_000);
        if (changed >= 0)
        {
            frames[changed] ^= 1;
        }

        var request = Arrived(header, frames[..^cut]);
        Assert.Equal(SignatureStatus.Good, await _verifier.VerifyAsync(request, Recipient));

        var thrown = await Record.ExceptionAsync(() => ReadAsync(request));

        Assert.True(thrown is InvalidDataException, $"{what} was to end the body with an error, not with {thrown?.Message ?? "nothing"}");
    }

    [Fact]
    public async Task FramedBody_OfAnotherRequest_EndsWithAnError()
    {
        var (header, _, _) = await FramedAsync(100_000);
        var (_, others, _) = await FramedAsync(100_000);
        var request = Arrived(header, others);
        Assert.Equal(SignatureStatus.Good, await _verifier.VerifyAsync(request, Recipient));

        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(request));
    }

    private ClusterSecret SecretOf(string secret) => new(Options.Create(new ClusterOptions { Secret = secret }), _time);

    private string Sign(byte[] body, RequestSigner? signer = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{Recipient}{Target}"))
        {
            Content = new ByteArrayContent(body),
        };
        (signer ?? _signer).Sign(request, Recipient);
        return request.Headers.GetValues(RequestSignature.Header).Single();
    }

    private async Task<(string Header, byte[] Frames, byte[] Body)> FramedAsync(int length)
    {
        var body = new byte[length];
        new Random(1).NextBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://{Recipient}{Target}"))
        {
            Content = new StreamContent(new MemoryStream(body)),
        };
        _signer.Sign(request, Recipient);
        return (request.Headers.GetValues(RequestSignature.Header).Single(), await request.Content.ReadAsByteArrayAsync(), body);
    }

    private static DefaultHttpContext Arrived(string? header, byte[] body, string method = "POST", string target = Target)
    {
        var http = new DefaultHttpContext();
        http.Request.Method = method;
        http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        http.Request.Body = new MemoryStream(body);
        http.Request.ContentLength = body.Length;
        if (header is not null)
        {
            http.Request.Headers[RequestSignature.Header] = header;
        }

        return http;
    }

    private static async Task<byte[]> ReadAsync(DefaultHttpContext http)
    {
        using var read = new MemoryStream();
        await http.Request.Body.CopyToAsync(read);
        return read.ToArray();
    }
}
