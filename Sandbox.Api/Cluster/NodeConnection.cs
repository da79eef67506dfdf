using System.Diagnostics;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Agent;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>
/// The connections to one address of one worker. A call may take hours, so its silence says nothing; while one waits for its
/// answer the worker itself is asked whether it lives. When it does not say so, nor to the store meanwhile, the call fails.
/// </summary>
internal sealed class NodeConnection : IDisposable
{
    /// <summary>Silence after which it is asked whether the worker lives, and how long it has to say so: together less than
    /// the 5 s within which a caller hears of a dead node.</summary>
    internal static readonly TimeSpan FirstDoubt = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan PingWait = TimeSpan.FromSeconds(3);

    /// <summary>A worker that tells the store that it lives and does not answer for so long cannot be reached from here.</summary>
    internal static readonly TimeSpan LongestSilence = NodeView.DeadAfter;

    private static readonly TimeSpan ConnectWait = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly HttpMessageInvoker _invoker;
    private readonly Func<long, Task<bool>> _hasBeaten;
    private readonly RequestSigner _signer;
    private readonly TimeProvider _time;
    private Task<Ping>? _ping;
    private int _calls;
    private bool _retired;

    /// <param name="hasBeaten">Whether the worker told the store that it lives, since this timestamp.</param>
    public NodeConnection(Uri address, Func<long, Task<bool>> hasBeaten, RequestSigner signer, TimeProvider time)
    {
        (Address, _hasBeaten, _signer, _time) = (address, hasBeaten, signer, time);
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

    /// <summary>Sends with a request signature. Throws <see cref="NodeSilentException"/> when the worker does not live. Null: the
    /// connection takes no calls any more.</summary>
    public Task<HttpResponseMessage>? TrySendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_retired)
            {
                return null;
            }

            _calls++;
        }

        return SendAsync(request, cancellationToken);
    }

    /// <summary>Takes no new calls. What idles is closed as soon as no call waits for its answer; answers that are being read are read
    /// to their end.</summary>
    public void Retire()
    {
        bool isIdle;
        lock (_gate)
        {
            (_retired, isIdle) = (true, _calls == 0);
        }

        if (isIdle)
        {
            _invoker.Dispose();
        }
    }

    public void Dispose() => _invoker.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await SendAndWatchAsync(request, cancellationToken);
        }
        finally
        {
            bool isLast;
            lock (_gate)
            {
                isLast = --_calls == 0 && _retired;
            }

            if (isLast)
            {
                _invoker.Dispose();
            }
        }
    }

    private async Task<HttpResponseMessage> SendAndWatchAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        _signer.Sign(request, Address.Authority);
        Trace(request);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = _invoker.SendAsync(request, given.Token);
        var answered = _time.GetTimestamp();
        while (!await AnsweredAsync(sending))
        {
            var ping = await PingAsync();
            if (ping.IsAnswered)
            {
                answered = _time.GetTimestamp();
            }
            else if (!sending.IsCompleted
                && (_time.GetElapsedTime(answered) >= LongestSilence || !await _hasBeaten(ping.Asked))
                && !sending.IsCompleted)
            {
                await given.CancelAsync();
                await sending.ContinueWith(
                    static late =>
                        { if (late.IsCompletedSuccessfully) { late.Result.Dispose(); } else { _ = late.Exception; } },
                        TaskScheduler.Default);
                cancellationToken.ThrowIfCancellationRequested();
                throw new NodeSilentException();
            }
        }

        return await sending;
    }

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

    /// <summary>Asks one question at a time, and all callers wait for its answer.</summary>
    private Task<Ping> PingAsync()
    {
        lock (_gate)
        {
            return _ping is { IsCompleted: false } asked ? asked : _ping = AskAsync();
        }
    }

    private async Task<Ping> AskAsync()
    {
        var asked = _time.GetTimestamp();
        using var deadline = new CancellationTokenSource(PingWait, _time);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, NodeApiRoutes.Ping));
            _signer.Sign(request, Address.Authority);
            using var answer = await _invoker.SendAsync(request, deadline.Token);
            return new Ping(IsAnswered: true, asked);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException
            or ObjectDisposedException)
        {
            return new Ping(IsAnswered: false, asked);
        }
    }

    /// <summary>Hands the caller's trace on, so that it has what the worker does for it. The handler's own way to do that would
    /// cost also where nothing is traced.</summary>
    private static void Trace(HttpRequestMessage request)
    {
        if (Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C } asker)
        {
            request.Headers.Remove(AgentSpan.ParentHeader);
            request.Headers.TryAddWithoutValidation(AgentSpan.ParentHeader, asker.Id);
        }
    }

    /// <param name="Asked">Timestamp.</param>
    private readonly record struct Ping(bool IsAnswered, long Asked);
}

/// <summary>A worker does not answer whether it lives.</summary>
internal sealed class NodeSilentException() : Exception("the worker does not answer");
