using System.Net;
using Microsoft.Extensions.Options;
using Sandbox.Node;
using Sandbox.Testing.Networks;

namespace Sandbox.Worker.Tests;

public sealed class NodeIdentityTests
{
    [Fact]
    public void Identity_MadeWhileInterfacesComeAndGo_HasAnAddress()
    {
        var calls = ChangingNetwork.During(static () => Assert.True(
            IPAddress.TryParse(new NodeIdentity(Options.Create(new WorkerOptions { NodeName = "w1" })).Address, out _),
            "a node was to have an address"));

        Assert.True(calls > 0, "nodes were to be made while interfaces came and went");
    }
}
