using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sandbox.Api.Agents;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.E2b;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.E2b;

/// <summary>What is asked of one sandbox, whichever API made it.</summary>
internal sealed class SandboxEndpoint(
    TenantScopedRecords records, TenantScopedOperator sandboxes, TenantScopedTimeouts timeouts, TenantScopedEgress egress,
    AgentClient agent, NewSandboxReader reader, E2bSupport support)
{
    private const int DefaultTimeout = 300;

    public static IReadOnlyList<string> MetricsParameters { get; } = ["start?", "end?"];

    public async Task InfoAsync(HttpContext http)
    {
        if (await FindRunningAsync(http) is { } sandbox)
        {
            await E2bAnswers.WriteAsync(
                http, StatusCodes.Status200OK, support.Views.DetailOf(sandbox), E2bJson.Default.E2bSandboxInfo);
        }
    }

    /// <summary>Nothing is paused here, so it is about a sandbox that runs: its timeout is extended, and never made shorter.</summary>
    public async Task ConnectAsync(HttpContext http)
    {
        if (!TryReadId(http, out var id, out var bad))
        {
            await bad;
            return;
        }

        if (await support.Body.ReadAsync(http, E2bJson.Default.E2bTimeout) is not { } asked)
        {
            return;
        }

        var (timeout, wrong) = reader.TimeoutOf(asked.Timeout ?? DefaultTimeout);
        if (wrong is not null)
        {
            await E2bAnswers.WriteErrorAsync(http, wrong);
            return;
        }

        var extended = await timeouts.ExtendAsync(id, timeout, http.RequestAborted);
        await (extended.TryGet(out var sandbox, out var error)
            ? E2bAnswers.WriteAsync(http, StatusCodes.Status200OK, support.Views.AccessOf(sandbox), E2bJson.Default.E2bSandbox)
            : E2bAnswers.WriteErrorAsync(http, error));
    }

    public async Task SetTimeoutAsync(HttpContext http)
    {
        if (!TryReadId(http, out var id, out var bad))
        {
            await bad;
            return;
        }

        if (await support.Body.ReadAsync(http, E2bJson.Default.E2bTimeout) is not { } asked)
        {
            return;
        }

        var (timeout, wrong) = reader.TimeoutOf(asked.Timeout);
        if (wrong is not null)
        {
            await E2bAnswers.WriteErrorAsync(http, wrong);
            return;
        }

        await AnswerAsync(http, (await timeouts.SetAsync(id, timeout, http.RequestAborted)).TryGet(out _, out var error) ? null : error);
    }

    /// <summary>Stops it, and deletes what was to stay behind.</summary>
    public async Task KillAsync(HttpContext http)
    {
        if (!TryReadId(http, out var id, out var bad))
        {
            await bad;
            return;
        }

        if (await records.FindAsync(id, http.RequestAborted) is null or { State: SandboxState.Deleted })
        {
            await E2bAnswers.WriteErrorAsync(http, new SandboxError.NotFound(id.ToString()));
            return;
        }

        var ended = await sandboxes.StopAsync(id, StopReason.Asked, http.RequestAborted);
        if (ended.TryGet(out var stopped, out _) && stopped.State is SandboxState.Stopped or SandboxState.Archived)
        {
            ended = await sandboxes.DeleteAsync(id, http.RequestAborted);
        }

        await AnswerAsync(http, ended.TryGet(out _, out var error) ? null : error);
    }

    /// <summary>Replaces what it may reach.</summary>
    public async Task PutNetworkAsync(HttpContext http)
    {
        if (!TryReadId(http, out var id, out var bad))
        {
            await bad;
            return;
        }

        if (await support.Body.ReadAsync(http, E2bJson.Default.E2bNetwork) is not { } asked)
        {
            return;
        }

        await AnswerAsync(http, NetworkReader.Read(asked).TryGet(out var lists, out var wrong)
            ? await egress.ReplaceAsync(id, lists, http.RequestAborted) : wrong);
    }

    /// <summary>One sample, of this moment: none is kept. None at all where the time that is asked for does not have this moment in
    /// it.</summary>
    public async Task MetricsAsync(HttpContext http)
    {
        var query = http.Request.Query;
        if (!TryReadSeconds(query["start"], out var start) || !TryReadSeconds(query["end"], out var end) || start > end)
        {
            await E2bAnswers.WriteErrorAsync(
                http, StatusCodes.Status400BadRequest, "start and end: seconds since 1970, and start not after end.");
            return;
        }

        if (await FindRunningAsync(http) is not { } sandbox)
        {
            return;
        }

        var answer = await agent.GetAsync(http, sandbox.Id.ToString(), "/get_statistics", AgentTypes.Statistics);
        await (answer switch
        {
            AgentAnswer<Statistics>.Done { Result: var used } => E2bAnswers.WriteAsync(
                http, StatusCodes.Status200OK, support.Views.MetricsOf(sandbox, used, start, end), E2bJson.Default.IReadOnlyListE2bMetric),
            AgentAnswer<Statistics>.Refused refused => E2bAnswers.WriteErrorAsync(
                http, StatusCodes.Status500InternalServerError, refused.Reason),
            AgentAnswer<Statistics>.Unreached unreached => E2bAnswers.WriteErrorAsync(http, unreached.Error),
            _ => throw new UnreachableException(),
        });
    }

    /// <summary>Null: there is none, and that was answered.</summary>
    private async Task<SandboxInstance?> FindRunningAsync(HttpContext http)
    {
        if (!TryReadId(http, out var id, out var bad))
        {
            await bad;
            return null;
        }

        if (await records.FindAsync(id, http.RequestAborted) is { State: SandboxState.Running } sandbox)
        {
            return sandbox;
        }

        await E2bAnswers.WriteErrorAsync(http, new SandboxError.NotFound(id.ToString()));
        return null;
    }

    private static bool TryReadId(HttpContext http, out SandboxId id, [NotNullWhen(false)] out Task? answered)
    {
        var text = http.Request.RouteValues["id"] as string ?? "";
        answered = SandboxId.TryParse(text, null, out id) ? null : E2bAnswers.WriteErrorAsync(http, new SandboxError.BadId(text));
        return answered is null;
    }

    /// <param name="text">None: no bound.</param>
    private static bool TryReadSeconds(string? text, out long? seconds)
    {
        seconds = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        return string.IsNullOrEmpty(text) || seconds is not null;
    }

    private static Task AnswerAsync(HttpContext http, SandboxError? error) =>
        error is null ? E2bAnswers.WriteNothingAsync(http) : E2bAnswers.WriteErrorAsync(http, error);
}
