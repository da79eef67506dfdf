using System.Globalization;
using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Sandboxes;

/// <summary>
/// <c>get_status</c>. Beyond ROCK: its answer carries an entity tag, and a request with <c>If-None-Match</c> and
/// <c>Prefer: wait=SECONDS</c> is answered when the status differs from that tag, or after that time.
/// </summary>
internal sealed class SandboxStatusEndpoint(
    TenantScopedRecords records, TenantScopedAgentGateway agents, IChangeFeed changes, StatusViews views, TimeProvider time)
{
    public const string FailureMessage = "get sandbox status failed";

    private const string WaitPrefix = "wait=";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>A wake-up may be lost; then this is how late the answer is.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    public async Task HandleAsync(HttpContext http)
    {
        if (await RockQuery.SandboxIdAsync(http) is not { } text
            || await RockQuery.FlagAsync(http, "include_all_states") is not { } allStates)
        {
            return;
        }

        if (!SandboxId.TryParse(text, null, out var id))
        {
            await Envelopes.FailAsync(http, FailureMessage, new SandboxError.BadId(text));
            return;
        }

        var sandbox = await FindAsync(http.Request, id, http.RequestAborted);
        if (sandbox is null || !(allStates || IsVisible(sandbox)))
        {
            await Envelopes.FailAsync(http, FailureMessage, new SandboxError.NotFound(text));
            return;
        }

        await TouchAsync(sandbox, http.RequestAborted);
        http.Response.Headers.ETag = TagOf(sandbox);
        await Envelopes.SucceedAsync(
            http, views.Of(sandbox, await records.ExpiresAtAsync(sandbox, http.RequestAborted)), RockJson.Default.StatusResult);
    }

    /// <summary>Without all states only what lives is found, and for a while what failed to, so that a caller that waits for
    /// it sees the phase that failed.</summary>
    private bool IsVisible(SandboxInstance sandbox) =>
        sandbox.State is SandboxState.Pending or SandboxState.Running
        || (sandbox.State is SandboxState.Stopped
            && sandbox.History is [.., { On: SandboxEvent.StartFailed } failed]
            && time.GetUtcNow() - failed.At < TimeSpan.FromMinutes(10));

    private async Task<SandboxInstance?> FindAsync(HttpRequest request, SandboxId id, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var wait = WaitOf(request);
        while (true)
        {
            using var change = changes.Subscribe(id);
            var sandbox = await records.FindAsync(id, cancellationToken);
            var left = wait - time.GetElapsedTime(began);
            if (sandbox is null || left <= TimeSpan.Zero || !request.Headers.IfNoneMatch.Contains(TagOf(sandbox)))
            {
                return sandbox;
            }

            try
            {
                await change.Changed.WaitAsync(left < Look ? left : Look, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Nothing said that anything changed; look all the same.
            }
        }
    }

    /// <summary>Asking for the status of a sandbox that runs keeps it from being idle, as every call into it does.</summary>
    private async ValueTask TouchAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        if (sandbox.State is SandboxState.Running && (await agents.OpenAsync(sandbox.Id, cancellationToken)).TryGet(out var call, out _))
        {
            call.Dispose();
        }
    }

    private static TimeSpan WaitOf(HttpRequest request)
    {
        foreach (var preference in request.Headers.GetCommaSeparatedValues("Prefer"))
        {
            if (preference.StartsWith(WaitPrefix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(preference.AsSpan(WaitPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return seconds < LongestWait.TotalSeconds ? TimeSpan.FromSeconds(seconds) : LongestWait;
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>Differs whenever state or phases differ. It is compared only by this process; after a restart of the server
    /// a waiting client is answered once too often.</summary>
    private static string TagOf(SandboxInstance sandbox)
    {
        var hash = default(HashCode);
        foreach (var phase in sandbox.Phases)
        {
            hash.Add(phase);
        }

        hash.Add(sandbox.HostName);
        return $"\"{sandbox.Version}-{(int)sandbox.State}-{hash.ToHashCode():x8}\"";
    }
}
