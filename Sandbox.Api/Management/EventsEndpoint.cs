using System.Globalization;
using System.Text;
using System.Text.Json;
using Sandbox.Api.Events;
using Sandbox.Api.Http;
using Sandbox.Api.Tenancy;
using Sandbox.Cluster;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

/// <summary>The lifecycle events of the caller's sandboxes, as server-sent events. A request with <c>since</c>, or with the header
/// <c>Last-Event-ID</c>, is told first what happened since then; one with <c>follow=false</c> only that.</summary>
internal sealed class EventsEndpoint(TenantScopedEvents events, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const string Follow = "follow";
    private const string Since = "since";
    private const string LastEventId = "Last-Event-ID";

    /// <summary>How long a stream is silent at most: what is on the way closes connections that seem dead.</summary>
    internal static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>How far back <c>since</c> reaches: as long as the ids of deleted sandboxes stay refused.</summary>
    private static readonly TimeSpan LongestPast = ISandboxStore.TombstoneFor;

    /// <summary>By how much a caller's clock may differ.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    /// <summary>A reader authenticates again after this time, so that a key that was revoked reads no longer.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Streams of this process that follow. Each of them reads records.</summary>
    private const int MostFollowing = 200;

    private int _following;

    public static IReadOnlyList<string> Query { get; } =
        [$"{Since}?", $"{Follow}?", "sandbox_id?", "type?", "state?", "image?", "tenant?"];

    public async Task HandleAsync(HttpContext http)
    {
        var query = new QueryReader(http.Request.Query, Query);
        var (follow, since) = (query.Flag(Follow) ?? true, query.Time(Since) ?? Resumed(http.Request));
        var filter = new EventFilter(
            query.Text("sandbox_id"), query.Text("type"), query.Text("state"), query.Text("image"), query.Text("tenant"));
        var problem = query.Problem
            ?? (since < time.GetUtcNow() - LongestPast - Slack ? $"since: at most {LongestPast.TotalHours:0} hours ago." : null);
        if (problem is not null)
        {
            await ProblemResult.BadRequest(problem).ExecuteAsync(http);
        }
        else if (!follow)
        {
            await SendAsync(http, since ?? time.GetUtcNow(), follow, filter);
        }
        else
        {
            await FollowAsync(http, since, filter);
        }
    }

    private async Task FollowAsync(HttpContext http, DateTimeOffset? since, EventFilter filter)
    {
        try
        {
            if (Interlocked.Increment(ref _following) > MostFollowing)
            {
                var full = new ProblemResult(
                    StatusCodes.Status503ServiceUnavailable, "unavailable", $"{MostFollowing} readers follow the events already.");
                await full.ExecuteAsync(http);
                return;
            }

            await SendAsync(http, since, follow: true, filter);
        }
        finally
        {
            Interlocked.Decrement(ref _following);
        }
    }

    private async Task SendAsync(HttpContext http, DateTimeOffset? since, bool follow, EventFilter filter)
    {
        using var limit = new CancellationTokenSource(Longest, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping, limit.Token);
        http.LiftLimits();
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            await foreach (var item in events.ReadAsync(since, follow, filter, KeepAlive, ended.Token))
            {
                await http.Response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(TextOf(item)), ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            // The reader asks again, and goes on where this stream ends.
        }
    }

    /// <summary>The id is the time from which on another stream would have to go on.</summary>
    private static string TextOf(EventStreamItem item) => item switch
    {
        EventStreamItem.Begun begun => $"id: {IdOf(begun.From)}\n\n",
        EventStreamItem.Happened { Event: var one } =>
            $"id: {IdOf(one.Time)}\ndata: {JsonSerializer.Serialize(one, ManagementJson.Default.LifecycleEvent)}\n\n",

        // A comment, which readers pass over.
        EventStreamItem.Quiet => ": nothing happened\n\n",
        EventStreamItem.Missed { Since: var since } =>
            $"event: missed\nid: {IdOf(since)}\n"
                + $"data: {JsonSerializer.Serialize(new MissedEvents(since), ManagementJson.Default.MissedEvents)}\n\n",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string IdOf(DateTimeOffset at) => at.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);

    /// <summary>A browser that reconnects by itself says what it was told last; another clock may have an earlier time for what came
    /// after.</summary>
    private static DateTimeOffset? Resumed(HttpRequest request) =>
        request.Headers[LastEventId] is [{ } text]
        && DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var last)
            ? last - TenantScopedEvents.ClockTolerance
            : null;
}
