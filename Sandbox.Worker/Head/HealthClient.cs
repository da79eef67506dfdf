using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;

namespace Sandbox.Worker.Head;

/// <summary>Speaks to the health service, to whichever instance of it answers.</summary>
/// <param name="signer">Null: this process does not know the cluster's secret, and has a join token.</param>
internal sealed class HealthClient(HeadSettings settings, RequestSigner? signer, TimeProvider time) : IDisposable
{
    private const int MaxAnswer = 64 * 1024;

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    });

    /// <summary>The process behind each address, as it named itself: requests are signed for that one.</summary>
    private readonly ConcurrentDictionary<Uri, string> _instances = new();

    private int _last;
    private string _node = "";
    private RequestSigner? _nodeSigner;

    /// <summary>Whether anything answers there. Null: it does; otherwise why not.</summary>
    public async Task<string?> GreetAsync(CancellationToken cancellationToken) =>
        await EachAsync(
            async (url, token) =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                using var answer = await _invoker.SendAsync(request, token);
                return answer.IsSuccessStatusCode ? HealthReply.NoElection : HealthReply.Silent($"{url} answers {(int)answer.StatusCode}");
            },
            cancellationToken) is { Kind: HealthReplyKind.Unreachable } silent ? silent.Reason : null;

    public async Task<HealthReply> RegisterAsync(RegisterRequest node, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(HttpMethod.Post, HealthRoutes.Register, node, HeadJson.Default.RegisterRequest, cancellationToken);
        if (reply.Answer?.NodeKey is { } sealedKey
            && EnrollmentSecret.Open(EnrollmentSecret.SealKeyOf(settings.JoinToken), sealedKey) is { } key)
        {
            (_node, _nodeSigner) = (node.Node, NodeKey.Signer(Encoding.UTF8.GetString(key), time));
        }

        return reply;
    }

    public Task<HealthReply> AcquireAsync(AcquireRequest node, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, HealthRoutes.Acquire, node, HeadJson.Default.AcquireRequest, cancellationToken);

    /// <param name="within">For all instances together: a lease does not wait for who is silent.</param>
    public Task<HealthReply> HeartbeatAsync(HeartbeatRequest beat, TimeSpan within, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, HealthRoutes.Heartbeat, beat, HeadJson.Default.HeartbeatRequest, cancellationToken,
            within / settings.HealthUrls.Count);

    public Task<HealthReply> CurrentAsync(CancellationToken cancellationToken) =>
        SendAsync<object>(HttpMethod.Get, HealthRoutes.Current, body: null, type: null, cancellationToken);

    public void Dispose() => _invoker.Dispose();

    private Task<HealthReply> SendAsync<T>(
        HttpMethod method, string route, T? body, JsonTypeInfo<T>? type, CancellationToken cancellationToken, TimeSpan? within = null)
        where T : class =>
        EachAsync(
            async (url, token) =>
            {
                HttpRequestMessage Request()
                {
                    var request = new HttpRequestMessage(method, new Uri(url, route));
                    if (body is not null)
                    {
                        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type!));
                        request.Content.Headers.ContentType = new("application/json");
                    }

                    Authenticate(request, url, route);
                    return request;
                }

                using var answer = await SendToInstanceAsync(url, Request, token);
                await answer.Content.LoadIntoBufferAsync(MaxAnswer, token);
                return ReplyOf(answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(token), url);
            },
            cancellationToken,
            within);

    /// <summary>An instance that refuses tells which one it is. Where that is not the one that the request was signed for (it is the first,
    /// or the service has been restarted, or another one answers at this address), the request is signed and sent once more.</summary>
    private async Task<HttpResponseMessage> SendToInstanceAsync(
        Uri url, Func<HttpRequestMessage> request, CancellationToken cancellationToken)
    {
        _instances.TryGetValue(url, out var signedFor);
        using var first = request();
        var answer = await _invoker.SendAsync(first, cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.Unauthorized
            || !answer.Headers.TryGetValues(HealthRoutes.InstanceHeader, out var told) || told.First() == signedFor)
        {
            return answer;
        }

        answer.Dispose();
        _instances[url] = told.First();
        using var second = request();
        return await _invoker.SendAsync(second, cancellationToken);
    }

    private void Authenticate(HttpRequestMessage request, Uri url, string route)
    {
        if (signer is not null)
        {
            signer.Sign(request, HealthRoutes.RecipientOf(_instances.GetValueOrDefault(url, "")));
        }
        else if (_nodeSigner is { } own)
        {
            request.Headers.Add(HealthRoutes.NodeHeader, Uri.EscapeDataString(_node));
            own.Sign(request, HealthRoutes.RecipientOf(_instances.GetValueOrDefault(url, "")));
        }
        else if (route == HealthRoutes.Register)
        {
            request.Headers.Add(HealthRoutes.JoinTokenHeader, EnrollmentSecret.AdmissionOf(settings.JoinToken));
        }
    }

    /// <summary>The instance that answered last comes first; each has the timeout for itself.</summary>
    private async Task<HealthReply> EachAsync(
        Func<Uri, CancellationToken, Task<HealthReply>> ask, CancellationToken cancellationToken, TimeSpan? within = null)
    {
        var timeout = within < settings.HealthTimeout ? within.Value : settings.HealthTimeout;
        var reply = HealthReply.Silent("HEALTH_URL: none");
        for (var (attempt, first) = (0, Volatile.Read(ref _last)); attempt < settings.HealthUrls.Count; attempt++)
        {
            var instance = (first + attempt) % settings.HealthUrls.Count;
            reply = await OneAsync(ask, settings.HealthUrls[instance], timeout, cancellationToken);
            if (reply.Kind is not HealthReplyKind.Unreachable)
            {
                Volatile.Write(ref _last, instance);
                break;
            }
        }

        return reply;
    }

    private async Task<HealthReply> OneAsync(
        Func<Uri, CancellationToken, Task<HealthReply>> ask, Uri url, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await ask(url, either.Token);
        }
        catch (HttpRequestException exception)
        {
            return HealthReply.Silent($"{url}: {exception.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthReply.Silent($"{url}: no answer within {timeout.TotalSeconds:0.###} s");
        }
    }

    private static HealthReply ReplyOf(HttpStatusCode status, byte[] body, Uri url) => ((int)status, ParseAnswer(body)) switch
    {
        (401 or 403, _) =>
            new HealthReply(
                HealthReplyKind.Denied, null,
                $"{url} does not know this node: the cluster's secret (Cluster:Secret) or the join token (JOIN_TOKEN) is not the one it "
                    + $"expects"),
        (200, { } answer) => new HealthReply(HealthReplyKind.Answered, answer, answer.Reason),
        (404, { } answer) => new HealthReply(HealthReplyKind.Unregistered, answer, answer.Reason),
        (409, { } answer) => new HealthReply(HealthReplyKind.Conflict, answer, answer.Reason),
        ( >= 500 and not 501, _) => HealthReply.Silent($"{url} answers {(int)status}"),
        _ => HealthReply.NoElection,
    };

    private static HeadAnswer? ParseAnswer(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, HeadJson.Default.HeadAnswer);
        }
        catch (JsonException)
        {
            // A server that is there and elects nobody says what it likes.
            return null;
        }
    }
}

internal enum HealthReplyKind
{
    Unreachable,

    /// <summary>Something answers, and knows nothing of elections.</summary>
    NoElection,
    Denied,
    Unregistered,
    Conflict,
    Answered,
}

internal sealed record HealthReply(HealthReplyKind Kind, HeadAnswer? Answer, string Reason)
{
    public static HealthReply NoElection { get; } = new(HealthReplyKind.NoElection, null, "it elects no head");

    public static HealthReply Silent(string reason) => new(HealthReplyKind.Unreachable, null, reason);
}
