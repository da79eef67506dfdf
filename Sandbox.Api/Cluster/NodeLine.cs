using System.Diagnostics;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Cluster;
using Sandbox.Storage.Clusters;

namespace Sandbox.Api.Cluster;

/// <summary>
/// The connections to one address of one worker. A call may take hours, so its silence says nothing; while one waits for its
/// answer the worker itself is asked whether it lives, and when it does not say so the call fails.
/// </summary>
internal sealed class NodeLine : IDisposable
{
    /// <summary>Silence after which it is asked whether the worker lives, and how long it has to say so: together less than
    /// the 5 s within which a caller hears of a dead node.</summary>
    internal static readonly TimeSpan FirstDoubt = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan PingWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ConnectWait = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly HttpMessageInvoker _invoker;
    private readonly ClusterSecret _secret;
    private readonly TimeProvider _time;
    private Task<bool>? _ping;

    public NodeLine(Uri address, ClusterSecret secret, TimeProvider time)
    {
        (Address, _secret, _time) = (address, secret, time);
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = System.Net.DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = ConnectWait,
            MaxResponseHeadersLength = 64,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        });
    }

    public Uri Address { get; }

    /// <summary>Sends with a proof of the secret. Throws <see cref="NodeSilentException"/> when the worker does not live.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Prove(request);
        Trace(request);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = _invoker.SendAsync(request, given.Token);
        while (!await AnsweredAsync(sending))
        {
            if (!await PingAsync() && !sending.IsCompleted)
            {
                await given.CancelAsync();
                await sending.ContinueWith(static late => { if (late.IsCompletedSuccessfully) { late.Result.Dispose(); } else { _ = late.Exception; } }, TaskScheduler.Default);
                cancellationToken.ThrowIfCancellationRequested();
                throw new NodeSilentException();
            }
        }

        return await sending;
    }

    public void Dispose() => _invoker.Dispose();

    private async Task<bool> AnsweredAsync(Task sending)
    {
        if (sending.IsCompleted)
        {
            return true;
        }

        using var enough = new CancellationTokenSource();
        await Task.WhenAny(sending, Task.Delay(FirstDoubt, _time, enough.Token));
        await enough.CancelAsync();
        return sending.IsCompleted;
    }

    /// <summary>One question at a time, whoever waits for its answer.</summary>
    private Task<bool> PingAsync()
    {
        lock (_gate)
        {
            return _ping is { IsCompleted: false } asked ? asked : _ping = AskAsync();
        }
    }

    private async Task<bool> AskAsync()
    {
        using var deadline = new CancellationTokenSource(PingWait, _time);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, RoadRoutes.Ping));
            Prove(request);
            using var answer = await _invoker.SendAsync(request, deadline.Token);
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            return false;
        }
    }

    /// <summary>Whoever traces the caller traces what the worker does for it. The handler's own way to do that would cost also
    /// where nobody traces.</summary>
    private static void Trace(HttpRequestMessage request)
    {
        if (Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C } asker)
        {
            request.Headers.Remove(AgentSpan.ParentHeader);
            request.Headers.TryAddWithoutValidation(AgentSpan.ParentHeader, asker.Id);
        }
    }

    private void Prove(HttpRequestMessage request)
    {
        request.Headers.Remove(RoadProof.Header);
        request.Headers.TryAddWithoutValidation(RoadProof.Header, _secret.Prove(request.Method.Method, request.RequestUri!.PathAndQuery));
    }
}

/// <summary>A worker does not answer whether it lives.</summary>
internal sealed class NodeSilentException() : Exception("the worker does not answer");
