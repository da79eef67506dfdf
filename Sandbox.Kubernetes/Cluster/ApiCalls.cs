using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Threading.RateLimiting;
using k8s;
using k8s.Autorest;
using Microsoft.Extensions.Options;

namespace Sandbox.Kubernetes.Cluster;

/// <summary>How each call of the API is made: no more in a second than agreed, each with a time limit, and again for a while when
/// the answer is "not now" or none comes. All calls are idempotent, so a repeated one does no harm.</summary>
internal sealed class ApiCalls(IOptions<KubernetesOptions> options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly TokenBucketRateLimiter _rate = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = options.Value.Burst,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1 / options.Value.RequestsPerSecond),
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public void Dispose() => _rate.Dispose();

    /// <summary>Throws a <see cref="ClusterException"/> for whatever is not an answer.</summary>
    public async Task<T> RunAsync<T>(string what, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (answer, failure, retryAfter) = await TryAsync(what, call, cancellationToken);
            if (failure is null)
            {
                return answer!;
            }

            if (attempt >= options.Value.Tries || !IsTransient(failure.Status))
            {
                throw failure;
            }

            await Task.Delay(Pause(attempt, retryAfter), time, cancellationToken);
        }
    }

    /// <summary>Waits for a permit to make a call whose answer is a stream.</summary>
    public async Task AwaitPermitAsync(CancellationToken cancellationToken)
    {
        using var permit = await _rate.AcquireAsync(1, cancellationToken);
    }

    /// <summary>What the API itself says is wrong, in a line.</summary>
    public static ClusterException Refused(string what, HttpOperationException exception)
    {
        var message = exception.Response.ReasonPhrase ?? "";
        try
        {
            using var status = JsonDocument.Parse(exception.Response.Content ?? "");
            message = status.RootElement.GetProperty("message").GetString() ?? message;
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // A proxy's answer: the reason phrase has to do.
        }

        var code = exception.Response.StatusCode;
        return new ClusterException(code, $"the Kubernetes API refused to {what} ({(int)code}): {message}", exception);
    }

    private static bool IsTransient(HttpStatusCode? status) =>
        status is null or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private static TimeSpan Pause(int attempt, TimeSpan? retryAfter)
    {
        var pause = retryAfter ?? FirstPause * Math.Pow(2, attempt - 1);
        return pause < LongestPause ? pause : LongestPause;
    }

    private static TimeSpan? RetryAfter(HttpOperationException exception) =>
        exception.Response.Headers.TryGetValue("Retry-After", out var values)
        && int.TryParse(values.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private async Task<(T? Answer, ClusterException? Failure, TimeSpan? RetryAfter)> TryAsync<T>(
        string what, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        await AwaitPermitAsync(cancellationToken);
        using var limit = new CancellationTokenSource(options.Value.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return (await call(either.Token), null, null);
        }
        catch (HttpOperationException exception)
        {
            return (default, Refused(what, exception), RetryAfter(exception));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (default,
                new ClusterException(null, $"the Kubernetes API did not {what} within {options.Value.RequestTimeout.TotalSeconds:0.###} s"),
                null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or KubernetesException)
        {
            return (default, new ClusterException(null, $"the Kubernetes API cannot be reached to {what}: {exception.Message}", exception),
                null);
        }
    }
}
