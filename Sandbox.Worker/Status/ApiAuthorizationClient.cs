using System.Net;
using Sandbox.Contracts.Management;

namespace Sandbox.Worker.Status;

/// <summary>The API as a node knows it: it judges keys, and tells of the cluster's nodes to callers that have one.</summary>
internal sealed partial class ApiAuthorizationClient(Uri api, TimeProvider time, ILogger<ApiAuthorizationClient> logger) : IDisposable
{
    private const string NodesPath = "/api/v1/nodes";

    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);

    /// <summary>So long it is believed: the API may be started anew, without keys.</summary>
    internal static readonly TimeSpan BelieveFor = TimeSpan.FromSeconds(2);

    private Guard? _guard;

    public Uri Address => api;

    public HttpMessageInvoker Http { get; } =
        new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    /// <summary>Whether it refuses callers without a key. A node's ports may be open to other machines where the API's own is not: through
    /// an API that lets every caller in, no caller is let in.</summary>
    public async Task<bool> IsGuardedAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _guard) is { } known && time.GetElapsedTime(known.AskedAt) < BelieveFor)
        {
            return known.IsGuarded;
        }

        var asked = time.GetTimestamp();
        var (status, _) = await NodesAsync(key: null, cancellationToken);
        var guard = new Guard(status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, asked);
        Volatile.Write(ref _guard, guard);
        if (status is HttpStatusCode.OK)
        {
            Log.Open(logger, api);
        }

        return guard.IsGuarded;
    }

    /// <summary>The nodes, or why they are not told.</summary>
    public async Task<(HttpStatusCode Status, IReadOnlyList<NodeResult> Nodes)> NodesAsync(string? key, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Within);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(api, NodesPath));
            if (key is not null)
            {
                request.Headers.TryAddWithoutValidation("X-API-Key", key);
            }

            using var answer = await Http.SendAsync(request, deadline.Token);
            return answer.StatusCode is HttpStatusCode.OK
                ? (answer.StatusCode,
                    await answer.Content.ReadFromJsonAsync(ManagementJson.Default.IReadOnlyListNodeResult, deadline.Token) ?? [])
                : (answer.StatusCode, []);
        }
        catch (Exception exception)
            when (exception is HttpRequestException
                || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (HttpStatusCode.BadGateway, []);
        }
    }

    public void Dispose() => Http.Dispose();

    private sealed record Guard(bool IsGuarded, long AskedAt);

    private static partial class Log
    {
        [LoggerMessage(4451, LogLevel.Warning, "The API at {Api} lets everybody in; this node's client port and status page stay shut")]
        public static partial void Open(ILogger logger, Uri api);
    }
}
