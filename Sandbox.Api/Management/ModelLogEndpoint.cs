using System.Runtime.CompilerServices;
using System.Text;
using Sandbox.Api.Http;
using Sandbox.Api.Serving;
using Sandbox.Cluster;
using Sandbox.Domain.Models;

namespace Sandbox.Api.Management;

/// <summary>What the engines of a model have printed, lines of plain text without their secrets. With <c>follow=true</c> it goes on until
/// they end or the caller leaves.</summary>
internal sealed class ModelLogEndpoint(TenantScopedModels models, IHostApplicationLifetime lifetime)
{
    private const string Follow = "follow";
    private const string Tail = "tail";
    private const int DefaultTail = 100;

    public static IReadOnlyList<string> Query { get; } = [$"{Follow}?", $"{Tail}?"];

    public async Task HandleAsync(HttpContext http)
    {
        var query = new QueryReader(http.Request.Query, Query);
        var (follow, tail) = (query.Flag(Follow) ?? false, query.Number(Tail, least: 0, EngineLogs.MostLines) ?? DefaultTail);
        if (query.Problem is { } problem)
        {
            await ProblemResult.BadRequest(problem).ExecuteAsync(http);
        }
        else if (await models.FindAsync(http.Request.RouteValues["name"] as string ?? "", http.RequestAborted) is not { } model)
        {
            await ModelRoutes.NotFound().ExecuteAsync(http);
        }
        else
        {
            await http.SendTextAsync(BytesAsync(model, tail, follow), lifetime.ApplicationStopping);
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> BytesAsync(
        ModelRecord model, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var line in models.ReadLogsAsync(model, tail, follow, cancellationToken))
        {
            yield return Encoding.UTF8.GetBytes(line + "\n");
        }
    }
}
