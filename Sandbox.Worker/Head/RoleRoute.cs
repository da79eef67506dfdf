using Sandbox.Contracts.Cluster;
using Sandbox.Node.Leases;

namespace Sandbox.Worker.Head;

/// <summary>A node's head port: tells any caller what the node is, and who is the head as far as it knows. Nothing else is there.</summary>
internal sealed class RoleRoute(NodeRegistration registration, ILeaderLease lease, NodeRole role)
{
    public bool IsFor(HttpContext http) => http.Connection.LocalPort == registration.ListenPort;

    public Task HandleAsync(HttpContext http)
    {
        if (http.Request.Path != HealthRoutes.Role || !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var token = lease.Current;
        var (mine, head) = (registration.Registration, role.Head);
        var answer = token is not null
            ? new RoleAnswer(registration.Node, HeadAnswer.Head, token.Fence?.Epoch ?? 0, mine.Host, mine.HeadPort)
            : new RoleAnswer(registration.Node, HeadAnswer.Worker, head?.LeaseVersion ?? 0, head?.HeadHost, head?.HeadPort);
        return http.Response.WriteAsJsonAsync(answer, HeadJson.Default.RoleAnswer, contentType: null, http.RequestAborted);
    }
}
