using Sandbox.Contracts.Cluster;
using Sandbox.Node.Leases;

namespace Sandbox.Worker.Head;

/// <summary>A node's head port: tells anybody what the node is, and who is the head as far as it knows. Nothing else is there.</summary>
internal sealed class RoleRoute(NodeRegistration card, ILeaderLease right, NodeRole role)
{
    public bool IsFor(HttpContext http) => http.Connection.LocalPort == card.ListenPort;

    public Task HandleAsync(HttpContext http)
    {
        if (http.Request.Path != HealthRoutes.Role || !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var hold = right.Current;
        var (mine, head) = (card.Registration, role.Head);
        var answer = hold is not null
            ? new RoleAnswer(card.Node, HeadAnswer.Head, hold.Fence?.Epoch ?? 0, mine.Host, mine.HeadPort)
            : new RoleAnswer(card.Node, HeadAnswer.Worker, head?.LeaseVersion ?? 0, head?.HeadHost, head?.HeadPort);
        return http.Response.WriteAsJsonAsync(answer, HeadJson.Default.RoleAnswer, contentType: null, http.RequestAborted);
    }
}
