using Health.Service.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Contracts.Cluster;

namespace Health.Service.Heads;

internal sealed class HeadRoutes(HeadElection election)
{
    public async Task AcquireAsync(HttpContext http)
    {
        if (await HealthAnswers.ReadAsync(http, HeadJson.Default.AcquireRequest) is { } request && await MaySpeakAsync(http, request.Node))
        {
            await WriteAsync(http, await election.AcquireAsync(request.Node, request.Instance, http.RequestAborted));
        }
    }

    public async Task HeartbeatAsync(HttpContext http)
    {
        if (await HealthAnswers.ReadAsync(http, HeadJson.Default.HeartbeatRequest) is { } request
            && await MaySpeakAsync(http, request.Node))
        {
            await WriteAsync(http, await election.HeartbeatAsync(request, http.RequestAborted));
        }
    }

    public async Task CurrentAsync(HttpContext http)
    {
        var answer = await election.LookAsync(node: null, "the head of the cluster", http.RequestAborted);
        if (answer.HeadNode is null)
        {
            await HealthAnswers.ProblemAsync(http, StatusCodes.Status404NotFound, "no_head", "There is no head now.");
            return;
        }

        await WriteAsync(http, new HeadReply(StatusCodes.Status200OK, answer));
    }

    private static async Task<bool> MaySpeakAsync(HttpContext http, string node)
    {
        if (http.Features.GetRequiredFeature<HealthCaller>().Is(node))
        {
            return true;
        }

        await HealthAnswers.DeniedAsync(http, $"the node's key is not that of {node}");
        return false;
    }

    private static Task WriteAsync(HttpContext http, HeadReply reply) =>
        HealthAnswers.WriteAsync(http, reply.Status, reply.Answer, HeadJson.Default.HeadAnswer);
}
