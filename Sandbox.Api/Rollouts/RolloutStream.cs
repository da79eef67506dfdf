using System.Globalization;
using System.Text;
using Sandbox.Api.Http;
using Sandbox.Cluster;

namespace Sandbox.Api.Rollouts;

/// <summary>
/// Server-sent events of what the store keeps in numbered order. A reader that comes again says how far it came, by <c>after</c> or by
/// the header <c>Last-Event-ID</c>, and misses nothing; with <c>follow=false</c> it is told what there is, and no more.
/// </summary>
internal sealed class RolloutStream(RolloutAccess rollout, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const string After = "after";
    private const string Follow = "follow";
    private const string LastEventId = "Last-Event-ID";

    /// <summary>How long a stream is silent at most: what is on the way closes connections that seem dead. The store is read again then,
    /// because a wake-up may be lost.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>A reader authenticates again after this time, so that a key that was revoked reads no longer.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static IReadOnlyList<string> Query { get; } = [$"{After}?", $"{Follow}?"];

    /// <param name="readAsync">What there is behind a number.</param>
    public async Task SendAsync(HttpContext http, Func<long, CancellationToken, Task<StreamPage>> readAsync)
    {
        var query = new QueryReader(http.Request.Query, Query);
        var (after, follow) = (query.Text(After) ?? Resumed(http.Request), query.Flag(Follow) ?? true);
        var from = 0L;
        var problem = query.Problem
            ?? (after is not null && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out from)
                ? $"{After}: the number of an event." : null);
        if (problem is not null)
        {
            await RolloutProblemResult.BadRequest(problem).ExecuteAsync(http);
            return;
        }

        using var limit = new CancellationTokenSource(Longest, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping, limit.Token);
        http.LiftLimits();
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            await http.Response.StartAsync(ended.Token);
            await http.Response.BodyWriter.FlushAsync(ended.Token);
            await SendAsync(http, from, follow, readAsync, ended.Token);
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            // The reader asks again, and goes on where this stream ends.
        }
    }

    private async Task SendAsync(
        HttpContext http, long after, bool follow, Func<long, CancellationToken, Task<StreamPage>> readAsync,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            // Before the store is read, so that nothing is between the two.
            using var change = rollout.Store.Subscribe();
            var page = await readAsync(after, cancellationToken);
            foreach (var one in page.Events)
            {
                await WriteAsync(http, TextOf(one), cancellationToken);
                after = one.Number ?? after;
            }

            if (page.End is { } end)
            {
                await WriteAsync(http, TextOf(end), cancellationToken);
                return;
            }

            if (page.Events.Count > 0)
            {
                continue;
            }

            if (!follow)
            {
                return;
            }

            try
            {
                await change.Changed.WaitAsync(KeepAlive, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // A comment, which readers pass over.
                await WriteAsync(http, ": nothing happened\n\n", cancellationToken);
            }
        }
    }

    private static async Task WriteAsync(HttpContext http, string text, CancellationToken cancellationToken) =>
        await http.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);

    private static string TextOf(StreamEvent one) => one.Number is { } number
        ? string.Create(CultureInfo.InvariantCulture, $"id: {number}\nevent: {one.Type}\ndata: {one.Data}\n\n")
        : $"event: {one.Type}\ndata: {one.Data}\n\n";

    private static string? Resumed(HttpRequest request) => request.Headers[LastEventId] is [{ Length: > 0 } text] ? text : null;
}
