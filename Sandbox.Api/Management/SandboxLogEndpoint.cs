using Sandbox.Api.Http;
using Sandbox.Api.Tenancy;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Management;

/// <summary>What the main process of a sandbox has written, as plain text. With <c>follow=true</c> it goes on until the sandbox ends or the
/// caller leaves.</summary>
internal sealed class SandboxLogEndpoint(TenantScopedLogs logs, IHostApplicationLifetime lifetime)
{
    private const string Follow = "follow";
    private const string Tail = "tail";
    private const string Since = "since";

    public static IReadOnlyList<string> Query { get; } = [$"{Follow}?", $"{Tail}?", $"{Since}?"];

    public async Task HandleAsync(HttpContext http)
    {
        var query = new QueryReader(http.Request.Query, Query);
        var part = new LogQuery(query.Flag(Follow) ?? false, query.Number(Tail, least: 0, LogQuery.LongestTail), query.Time(Since));
        if (query.Problem is { } problem)
        {
            await ProblemResult.BadRequest(problem).ExecuteAsync(http);
            return;
        }

        var name = http.Request.RouteValues["id"] as string ?? "";
        var opened = SandboxId.TryParse(name, null, out var id)
            ? await logs.OpenAsync(id, part, http.RequestAborted)
            : new SandboxError.BadId(name);
        if (!opened.TryGet(out var log, out var error))
        {
            await ProblemResult.Of(error).ExecuteAsync(http);
            return;
        }

        using (log)
        {
            await http.SendTextAsync(log.Pieces, lifetime.ApplicationStopping);
        }
    }
}
