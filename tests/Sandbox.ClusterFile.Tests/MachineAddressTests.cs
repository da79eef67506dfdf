using System.Net;
using Sandbox.Contracts.Wire;
using Sandbox.Testing.Networks;

namespace Sandbox.ClusterFile.Tests;

public sealed class MachineAddressTests
{
    /// <summary>Listing interfaces failed there with "An invalid IP address was specified", and what asked did not start.</summary>
    [Fact]
    public void Addresses_WhileInterfacesComeAndGo_AreFoundOrNot_AndNeverFail()
    {
        var calls = ChangingNetwork.During(static () =>
        {
            Assert.Null(MachineAddress.Outward());
            var found = MachineAddress.Any()?.ToString();
            Assert.True(found?.StartsWith("10.", StringComparison.Ordinal) is not false, $"{found} is none of the addresses there");
        });

        Assert.True(calls > 0, "the addresses were to be asked for while interfaces came and went");
    }

    [Fact]
    public void Address_Outward_IsOneOfThisMachines()
    {
        var address = MachineAddress.Outward() ?? MachineAddress.Any();

        Assert.False(address is not null && IPAddress.IsLoopback(address), $"others cannot reach this machine by {address}");
    }
}
