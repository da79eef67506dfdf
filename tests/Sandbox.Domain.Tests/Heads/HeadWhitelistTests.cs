using Sandbox.Domain.Heads;

namespace Sandbox.Domain.Tests.Heads;

public sealed class HeadWhitelistTests
{
    /// <summary>A name that is spelled in another case is the same host, and the log says how the whitelist has it.</summary>
    [Theory]
    [InlineData("node-cpu", 6390, 1, "node-cpu is in the whitelist, place 1")]
    [InlineData("Node-CPU", 6390, 1, "Node-CPU is in the whitelist as node-cpu, place 1")]
    [InlineData("NODE-GPU", 6391, 2, "NODE-GPU is in the whitelist as node-gpu, place 2")]
    [InlineData("Node-Gpu", 6390, null, "Node-Gpu is in the whitelist as node-gpu:6391, but its head port is 6390")]
    [InlineData("node-c", 6390, null, "node-c is not in the whitelist (node-cpu node-gpu:6391)")]
    public void PlaceOf_AnyCase_IsFoundAndSaysHowItIsSpelled(string host, int headPort, int? place, string why)
    {
        Assert.True(HeadWhitelist.TryParse("node-cpu node-gpu:6391", out var whitelist, out var problem), problem);

        Assert.Equal((place, why), (whitelist.PlaceOf(host, headPort, out var said), said));
    }

    [Theory]
    [InlineData(null, "empty; name at least one node that may be the head, as host or host:port")]
    [InlineData(" , ", "empty; name at least one node that may be the head, as host or host:port")]
    [InlineData("a:0", "'a:0' is not host or host:port (port 1 to 65535)")]
    [InlineData("a A", "'A' is in it twice")]
    public void TryParse_OfWhatCannotBe_SaysWhy(string? text, string problem)
    {
        Assert.False(HeadWhitelist.TryParse(text, out _, out var said));
        Assert.Equal(problem, said);
    }
}
