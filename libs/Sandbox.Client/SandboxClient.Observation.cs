using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rock;

namespace Sandbox.Client;

// What sandboxes are there, what they have written, and what happens to them.
public sealed partial class SandboxClient
{
    private const string Missed = "missed";

    // Events that are remembered, so that none is told twice.
    private const int MostTold = 100_000;

    /// <summary>A page of the sandboxes in all states, newest first; or of those that were deleted lately.</summary>
    /// <param name="filter">Exact matches, for example on <c>state</c> or <c>image</c>.</param>
    /// <param name="deleted">True: those that were deleted in the last 24 hours, and no others.</param>
    /// <param name="page">From 1.</param>
    /// <param name="pageSize">At most 2000.</param>
    public Task<ListResult> ListAllAsync(
        IReadOnlyDictionary<string, string> filter, bool deleted, int page, int pageSize, CancellationToken cancellationToken) =>
        _management.GetAsync(
            $"sandboxes?page={page}&page_size={pageSize}&deleted={(deleted ? "true" : "false")}{Fields(filter)}",
            RockJson.Default.ListResult, cancellationToken);

    /// <summary>Replaces what a sandbox may reach of the network; of one that runs, at once. Lists without anything open all that the
    /// server lets sandboxes reach.</summary>
    public Task SetEgressAsync(SandboxId id, EgressMessage lists, CancellationToken cancellationToken) =>
        _management.PutAsync($"sandboxes/{id}/network", lists, ManagementJson.Default.EgressMessage, cancellationToken);

    /// <summary>What the main process of a sandbox has written, piece by piece; a piece is good until the next one is read. Reading it
    /// does not count as use of the sandbox.</summary>
    /// <param name="follow">What it goes on to write, too, until it ends.</param>
    /// <param name="tail">At most so many of the last lines; null: all that is kept.</param>
    /// <param name="since">Only what was written since then; null: whenever.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> LogAsync(
        SandboxId id, bool follow, int? tail, DateTimeOffset? since, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var route = new StringBuilder($"sandboxes/{id}/logs?follow={(follow ? "true" : "false")}");
        if (tail is { } lines)
        {
            route.Append(CultureInfo.InvariantCulture, $"&tail={lines}");
        }

        if (since is { } from)
        {
            route.Append("&since=").Append(Rfc3339(from));
        }

        using var answer = await _management.OpenAsync(route.ToString(), lastEventId: null, cancellationToken);
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[16 * 1024];
        while (await _server.ReadAsync(() => body.ReadAsync(buffer, cancellationToken).AsTask()) is > 0 and var count)
        {
            yield return buffer.AsMemory(0, count);
        }
    }

    /// <summary>What happens to the caller's sandboxes, each event once. A stream that the server ends is taken up again where it
    /// ended.</summary>
    /// <param name="since">First what happened since then; null: only what happens from now on.</param>
    /// <param name="follow">False: only what happened until now.</param>
    /// <param name="filter">Exact matches on <c>sandbox_id</c>, <c>type</c>, <c>state</c>, <c>image</c> or <c>tenant</c>.</param>
    public async IAsyncEnumerable<LifecycleEvent> EventsAsync(
        DateTimeOffset? since, bool follow, IReadOnlyDictionary<string, string> filter,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var told = new HashSet<(string Sandbox, long Version)>();
        var route = $"events?follow={(follow ? "true" : "false")}{Fields(filter)}";
        string? last = null;
        do
        {
            using var answer = await _management.OpenAsync(
                last is null && since is { } from ? $"{route}&since={Rfc3339(from)}" : route, last, cancellationToken);
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            var messages = SseParser.Create(
                body, (type, data) => type is Missed ? null : JsonSerializer.Deserialize(data, ManagementJson.Default.LifecycleEvent));
            await using var items = messages.EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await _server.ReadAsync(() => items.MoveNextAsync().AsTask()))
            {
                if (items.Current.Data is { } one && told.Add((one.SandboxId, one.Version)))
                {
                    yield return one;
                }
            }

            last = messages.LastEventId is { Length: > 0 } id ? id : last;
            if (told.Count > MostTold)
            {
                told.Clear();
            }
        }
        while (follow);
    }

    private static string Fields(IReadOnlyDictionary<string, string> filter) =>
        string.Concat(filter.Select(field => $"&{Uri.EscapeDataString(field.Key)}={Uri.EscapeDataString(field.Value)}"));

    private static string Rfc3339(DateTimeOffset time) =>
        Uri.EscapeDataString(time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));
}
