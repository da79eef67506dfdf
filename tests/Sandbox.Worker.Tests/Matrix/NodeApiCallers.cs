using Microsoft.Extensions.Time.Testing;
using Sandbox.Cluster.Signatures;
using Sandbox.Testing.Clusters;
using Sandbox.Worker.Tests.Cluster;

namespace Sandbox.Worker.Tests.Matrix;

/// <summary>Every kind of caller of the internal port: what it adds to a request to be let in.</summary>
/// <param name="recipient">The worker that is called.</param>
internal sealed class NodeApiCallers(string recipient)
{
    private const string Elsewhere = "/v1/agents/elsewhere/00000000000000000000000000000000/agent/status";

    private static readonly TimeSpan TooFar = RequestSignature.Window + TimeSpan.FromMinutes(1);

    private readonly RequestSigner _right = TestSigner.Of(ClusterWorker.Secret, SignaturePurpose.NodeApi);

    /// <summary>A process of the cluster.</summary>
    public void Right(HttpRequestMessage request) => _right.Sign(request, recipient);

    /// <summary>The callers that are refused everywhere.</summary>
    /// <param name="apiKey">Of an admin: it opens the API, and nothing here.</param>
    public IReadOnlyList<(string Name, Action<HttpRequestMessage> Sign)> Strangers(string apiKey) =>
    [
        ("no signature", _ => { }),
        ("the secret itself", request => request.Headers.Add(RequestSignature.Header, ClusterWorker.Secret)),
        ("another secret", request =>
            TestSigner.Of("another secret of the tests, long enough", SignaturePurpose.NodeApi).Sign(request, recipient)),
        ("a signature for the health service", request =>
            TestSigner.Of(ClusterWorker.Secret, SignaturePurpose.Health).Sign(request, recipient)),
        ("a signature that is too old", request => Late(-TooFar).Sign(request, recipient)),
        ("a signature of a time to come", request => Late(TooFar).Sign(request, recipient)),
        ("the signature of a request to another worker", request => _right.Sign(request, "192.0.2.1:8090")),
        ("the signature of another path", request => Add(request, request.Method.Method, TargetOf(request) + "/x")),
        ("the signature of another query", request => Add(request, request.Method.Method, TargetOf(request) + "&x=1")),
        ("the signature of another method", request => Add(request, "DELETE", TargetOf(request))),
        ("the signature of a request to another node's sandbox", request => Add(request, request.Method.Method, Elsewhere)),
        ("the signature of a request with another body", request => Add(
            request, request.Method.Method, TargetOf(request), new string('0', 64))),
        ("the signature of a request with a framed body", request => Add(
            request, request.Method.Method, Elsewhere, RequestSignature.FramedBody)),
        ("a right signature beside a wrong one", request =>
        {
            Right(request);
            request.Headers.Add(RequestSignature.Header, "1.00");
        }),
        ("an admin's API key", request =>
        {
            request.Headers.Add("X-API-Key", apiKey);
            request.Headers.Add("Authorization", $"Bearer {apiKey}");
        }),
        ("an admin's API key as the signature", request => request.Headers.Add(RequestSignature.Header, apiKey)),
    ];

    private static string TargetOf(HttpRequestMessage request) => request.RequestUri!.OriginalString;

    private static RequestSigner Late(TimeSpan late) => TestSigner.Of(
        ClusterWorker.Secret, SignaturePurpose.NodeApi, new FakeTimeProvider(TimeProvider.System.GetUtcNow() + late));

    private void Add(HttpRequestMessage request, string method, string target, string body = RequestSignature.NoBody) =>
        request.Headers.Add(RequestSignature.Header, _right.Sign(method, target, recipient, body));
}
