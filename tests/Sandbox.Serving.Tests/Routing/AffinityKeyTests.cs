using System.Globalization;
using Sandbox.Serving.Routing;

namespace Sandbox.Serving.Tests.Routing;

public sealed class AffinityKeyTests
{
    private const int Keys = 3_000;

    [Fact]
    public void Key_OfAPrefix_IsThatOfAllPromptsThatBeginWithIt()
    {
        var prompt = new byte[5_000];
        var other = new byte[5_000];
        other[1_024] = 1;

        Assert.Equal(AffinityKey.OfPrefix(prompt, 1_024), AffinityKey.OfPrefix(other, 1_024));
        Assert.NotEqual(AffinityKey.OfPrefix(prompt, 1_025), AffinityKey.OfPrefix(other, 1_025));
        Assert.Equal(AffinityKey.OfPrefix(prompt.AsSpan(0, 10), 1_024), AffinityKey.OfPrefix(new byte[10], 1_024));
    }

    [Fact]
    public void Key_OfASession_IsItsTenants()
    {
        Assert.Equal(AffinityKey.OfSession("a", "s"), AffinityKey.OfSession("a", "s"));
        Assert.NotEqual(AffinityKey.OfSession("a", "s"), AffinityKey.OfSession("b", "s"));
        Assert.NotEqual(AffinityKey.OfSession("a", "bs"), AffinityKey.OfSession("ab", "s"));
    }

    [Fact]
    public void Keys_SpreadOverTheReplicas()
    {
        var counts = Preferred(["a", "b", "c"]).CountBy(id => id).ToDictionary();

        Assert.All(["a", "b", "c"], (string id) => Assert.InRange(counts[id], Keys / 3 * 85 / 100, Keys / 3 * 115 / 100));
    }

    [Fact]
    public void Replica_ThatGoes_MovesItsKeysOnly()
    {
        var (before, after) = (Preferred(["a", "b", "c"]), Preferred(["c", "a"]));

        Assert.All(before.Zip(after).Where(pair => pair.First != "b"), pair => Assert.Equal(pair.First, pair.Second));
    }

    private static List<string> Preferred(string[] ids)
    {
        var loads = ids.Select(id => new ReplicaLoad(AffinityKey.HashOf(id), 0)).ToArray();
        return
        [
            .. Enumerable.Range(0, Keys)
                .Select(key => AffinityKey.OfSession("tenant", key.ToString(CultureInfo.InvariantCulture)))
                .Select(key => ids[ReplicaSelector.Select(loads, key, 0, 0)]),
        ];
    }
}
