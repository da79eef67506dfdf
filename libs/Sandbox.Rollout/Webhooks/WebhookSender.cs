using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Sandbox.Contracts.Wire;

namespace Sandbox.Rollout.Webhooks;

/// <summary>Sends signed messages: to public hosts only, unless others are allowed; follows no redirect, and reads no answer but its
/// status. What may pass soon is tried again at once, a few times.</summary>
public sealed class WebhookSender : IDisposable
{
    /// <summary>Requests of one try, at most.</summary>
    public const int Requests = 3;

    /// <summary>Before the second request; twice as long before the next.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);

    /// <summary>For one request and its answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private const int LongestError = 300;

    private readonly HttpClient _http;
    private readonly ResiliencePipeline<HttpStatusCode> _retries;
    private readonly TimeProvider _time;

    public WebhookSender(WebhookOptions options, TimeProvider time)
    {
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // A proxy would connect for us, and to wherever it finds the name.
            UseProxy = false,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        };
        if (!options.AllowPrivate)
        {
            handler.ConnectCallback = (context, cancellationToken) => PublicAddress.ConnectAsync(context.DnsEndPoint, cancellationToken);
        }

        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _retries = new ResiliencePipelineBuilder<HttpStatusCode> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<HttpStatusCode>
            {
                MaxRetryAttempts = Requests - 1,
                Delay = FirstPause,
                BackoffType = DelayBackoffType.Exponential,
                ShouldHandle = new PredicateBuilder<HttpStatusCode>()
                    .Handle<HttpRequestException>().Handle<TimeoutRejectedException>().HandleResult(MayPass),
            })
            .AddTimeout(Patience)
            .Build();
    }

    /// <param name="secret">As <see cref="WebhookSignature.NewSecret"/> made it.</param>
    public async Task<WebhookAnswer> SendAsync(WebhookDelivery delivery, Uri url, string secret, CancellationToken cancellationToken)
    {
        try
        {
            var status = await _retries.ExecuteAsync(
                async token =>
                {
                    using var request = RequestOf(delivery, url, secret);
                    using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
                    return response.StatusCode;
                },
                cancellationToken);
            return (int)status is >= 200 and < 300
                ? new WebhookAnswer((int)status, Error: null)
                : new WebhookAnswer((int)status, $"the receiver answered {(int)status}");
        }
        catch (TimeoutRejectedException)
        {
            return new WebhookAnswer(Status: null, $"the receiver did not answer within {Patience.TotalSeconds:0} s");
        }
        catch (HttpRequestException exception)
        {
            var text = exception.GetBaseException().Message;
            return new WebhookAnswer(Status: null, text.Length > LongestError ? text[..LongestError] : text);
        }
    }

    public void Dispose() => _http.Dispose();

    private static bool MayPass(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private HttpRequestMessage RequestOf(WebhookDelivery delivery, Uri url, string secret)
    {
        var seconds = _time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new StringContent(delivery.Body, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json")),
        };
        request.Headers.Add(WebhookSignature.IdHeader, delivery.Id);
        request.Headers.Add(WebhookSignature.TimestampHeader, seconds.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Of(secret, delivery.Id, seconds, delivery.Body));
        return request;
    }
}
