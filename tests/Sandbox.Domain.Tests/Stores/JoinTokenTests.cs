using System.Text;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Tests.Stores;

public sealed class JoinTokenTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Make_KeepsWhatAdmitsAsAHashOnly()
    {
        var kept = JoinToken.Make(new JoinTokenRequest("w1", TtlSeconds: 60), Now, out var token);

        Assert.Equal(("w1", Now.AddSeconds(60)), (kept.Node, kept.ExpiresAt));
        Assert.Equal(kept.Hash, EnrollmentSecret.HashOf(EnrollmentSecret.AdmissionOf(token)));
        Assert.NotEqual(kept.Hash, EnrollmentSecret.HashOf(token));
        Assert.NotEqual(EnrollmentSecret.AdmissionOf(token), System.Buffers.Text.Base64Url.EncodeToString(kept.SealKey));
        JoinToken.Make(new JoinTokenRequest(), Now, out var another);
        Assert.NotEqual(token, another);
    }

    [Fact]
    public void Seal_IsOpenedByItsTokenOnlyAndOnlyWhole()
    {
        var text = Encoding.UTF8.GetBytes("what the cluster's processes have in common");
        var key = EnrollmentSecret.SealKeyOf("join_a");

        var closed = EnrollmentSecret.Seal(key, text);

        Assert.Equal(text, EnrollmentSecret.Open(key, closed));
        Assert.Null(EnrollmentSecret.Open(EnrollmentSecret.SealKeyOf("join_b"), closed));
        Assert.Null(EnrollmentSecret.Open(key, (closed[0] == 'A' ? 'B' : 'A') + closed[1..]));
        Assert.NotEqual(closed, EnrollmentSecret.Seal(key, text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64url!")]
    public void Open_OfWhatIsNoSeal_IsNothing(string text) =>
        Assert.Null(EnrollmentSecret.Open(EnrollmentSecret.SealKeyOf("join_a"), text));

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("w1", 1, true)]
    [InlineData(null, 604800, true)]
    [InlineData(null, 604801, false)]
    [InlineData(null, 0, false)]
    [InlineData(null, -1, false)]
    [InlineData("", null, false)]
    [InlineData("w\n1", null, false)]
    public void ProblemOf_SaysWhatCannotBe(string? node, int? ttl, bool isGood) =>
        Assert.Equal(isGood, JoinToken.ProblemOf(new JoinTokenRequest(node, ttl)) is null);
}
