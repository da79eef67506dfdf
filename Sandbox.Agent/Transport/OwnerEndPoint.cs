using System.Net;

namespace Sandbox.Agent.Transport;

/// <summary>Marks the endpoint whose connections are dialled, not accepted.</summary>
internal sealed class OwnerEndPoint(EndPoint owner) : EndPoint
{
    internal EndPoint Owner { get; } = owner;

    public override string ToString() => $"dialled:{Owner}";
}
