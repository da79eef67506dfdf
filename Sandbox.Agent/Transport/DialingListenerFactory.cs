using System.Net;
using Microsoft.AspNetCore.Connections;
using Sandbox.Agent.Activity;

namespace Sandbox.Agent.Transport;

/// <summary>Lets Kestrel "listen" on connections that the agent itself opens to its owner.</summary>
internal sealed class DialingListenerFactory(
    AgentOptions options, OwnerPresence presence, TimeProvider time, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is OwnerEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(new DialingListener((OwnerEndPoint)endpoint, options.Token, presence, time, loggers));
}
