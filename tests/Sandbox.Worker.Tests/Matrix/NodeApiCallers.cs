using System.Text;
using Sandbox.Cluster;
using Sandbox.Worker.Tests.Cluster;

namespace Sandbox.Worker.Tests.Matrix;

/// <summary>Every kind of caller of the internal port: what it adds to a request to be let in.</summary>
internal static class NodeApiCallers
{
    private static readonly TimeSpan TooFar = RequestSignature.Tolerance + TimeSpan.FromMinutes(1);

    /// <summary>A process of the cluster.</summary>
    public static void Right(HttpRequestMessage request) =>
        Prove(request, ClusterWorker.Secret, request.Method.Method, TargetOf(request), TimeSpan.Zero);

    /// <summary>The callers that are refused everywhere.</summary>
    /// <param name="apiKey">Of an admin: it opens the API, and nothing here.</param>
    public static IReadOnlyList<(string Name, Action<HttpRequestMessage> Sign)> Strangers(string apiKey) =>
    [
        ("no proof", _ => { }),
        ("no proof but the secret itself", request => request.Headers.Add(RequestSignature.Header, ClusterWorker.Secret)),
        ("a proof with another secret", request =>
            Prove(request, "another secret of the tests, long enough", request.Method.Method, TargetOf(request), TimeSpan.Zero)),
        ("a proof replayed too late", request => Prove(request, ClusterWorker.Secret, request.Method.Method, TargetOf(request), -TooFar)),
        ("a proof of a time to come", request => Prove(request, ClusterWorker.Secret, request.Method.Method, TargetOf(request), TooFar)),
        ("the proof of another path", request =>
            Prove(request, ClusterWorker.Secret, request.Method.Method, TargetOf(request) + "/x", TimeSpan.Zero)),
        ("the proof of another query", request =>
            Prove(request, ClusterWorker.Secret, request.Method.Method, TargetOf(request) + "&x=1", TimeSpan.Zero)),
        ("the proof of another method", request => Prove(request, ClusterWorker.Secret, "DELETE", TargetOf(request), TimeSpan.Zero)),
        ("the proof of a request to another node's sandbox", request => Prove(
            request, ClusterWorker.Secret, request.Method.Method, "/v1/agents/elsewhere/00000000000000000000000000000000/agent/status",
            TimeSpan.Zero)),
        ("a right proof beside a wrong one", request =>
        {
            Right(request);
            request.Headers.Add(RequestSignature.Header, "1.00");
        }),
        ("an admin's API key", request =>
        {
            request.Headers.Add("X-API-Key", apiKey);
            request.Headers.Add("Authorization", $"Bearer {apiKey}");
        }),
        ("an admin's API key as the proof", request => request.Headers.Add(RequestSignature.Header, apiKey)),
    ];

    private static string TargetOf(HttpRequestMessage request) => request.RequestUri!.OriginalString;

    private static void Prove(HttpRequestMessage request, string secret, string method, string target, TimeSpan late) =>
        request.Headers.Add(
            RequestSignature.Header,
            RequestSignature.Make(Encoding.UTF8.GetBytes(secret), method, target, TimeProvider.System.GetUtcNow() + late));
}
