using System.Collections.Concurrent;
using System.Threading.Channels;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Agents;

/// <summary>The links to all agents of this node, one per incarnation.</summary>
internal sealed class AgentLinks(
    SandboxFolders folders, RemoteTokens remoteTokens, AgentTokens tokens, AgentPort port, PooledAgents pooled, TimeProvider time)
    : IDisposable
{
    private readonly ConcurrentDictionary<IncarnationId, Lazy<AgentLink>> _links = new();
    private readonly Channel<IncarnationId> _lost = Channel.CreateUnbounded<IncarnationId>();

    /// <summary>Incarnations whose agent fell silent: a reason to ask the deployment.</summary>
    public ChannelReader<IncarnationId> Lost => _lost.Reader;

    /// <summary>The link to this sandbox's agent, listening before its container starts.</summary>
    public AgentLink Ensure(SandboxInstance sandbox)
    {
        var link = _links.GetOrAdd(sandbox.Incarnation, _ => new Lazy<AgentLink>(() => Open(sandbox)));
        try
        {
            return link.Value;
        }
        catch
        {
            // A failure is not kept: the next one tries again.
            _links.TryRemove(KeyValuePair.Create(sandbox.Incarnation, link));
            throw;
        }
    }

    public AgentLink? Find(IncarnationId incarnation) =>
        _links.TryGetValue(incarnation, out var link) ? link.Value : null;

    /// <summary>Closes the link and removes the socket's folder.</summary>
    public void Close(IncarnationId incarnation)
    {
        if (_links.TryRemove(incarnation, out var link))
        {
            link.Value.Dispose();
        }

        pooled.Forget(incarnation);
        folders.RemoveSocket(incarnation);
    }

    public void Dispose()
    {
        foreach (var (incarnation, link) in _links)
        {
            if (_links.TryRemove(incarnation, out _))
            {
                link.Value.Dispose();
            }
        }
    }

    private static AgentToken? Token(string? token) => token is null ? null : new AgentToken(() => token);

    private AgentLink Open(SandboxInstance sandbox)
    {
        if (sandbox.Spec.Remote is { } remote)
        {
            return new AgentLink(sandbox.Id, sandbox.Incarnation, new DialingTransport(remote), time, Token(remoteTokens.Find(remote)));
        }

        if (PooledAgents.IsPooled(sandbox.Spec))
        {
            // All pods of a pool start with its token, so it is good for telling one its own and for nothing else.
            var token = new AgentToken(() => tokens.Of(sandbox.Incarnation), () => pooled.Find(sandbox.Incarnation)?.Token);
            return new AgentLink(sandbox.Id, sandbox.Incarnation, new PooledTransport(pooled, sandbox.Incarnation), time, token);
        }

        var transport = sandbox.Spec.Deployment is DeploymentKind.Kubernetes
            ? new ListeningTransport(port.Expect(sandbox.Incarnation), time)
            : ListeningTransport.Open(folders.SocketFile(sandbox.Incarnation), time);
        transport.Lost += () => _lost.Writer.TryWrite(sandbox.Incarnation);
        return new AgentLink(sandbox.Id, sandbox.Incarnation, transport, time);
    }
}
