using Sandbox.Contracts.Ids;

namespace Sandbox.Worker.Agents;

/// <summary>The owner's side of the agents: one listening socket per incarnation, on which its agent dials in.</summary>
internal interface IAgentLinks
{
    /// <summary>The link of an incarnation; listens from this call on. Idempotent.</summary>
    AgentLink Ensure(IncarnationId incarnation, SandboxId sandboxId);

    AgentLink? Find(SandboxId sandboxId);

    /// <summary>Stops listening and fails every call. The socket's folder is removed when <paramref name="forget"/>.</summary>
    void Close(IncarnationId incarnation, bool forget);

    /// <summary>Host folder of the incarnation's socket, to be mounted read-only into the sandbox.</summary>
    string SocketFolder(IncarnationId incarnation);
}
