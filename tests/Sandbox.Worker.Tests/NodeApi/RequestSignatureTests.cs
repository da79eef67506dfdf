using System.Text;
using Sandbox.Cluster;

namespace Sandbox.Worker.Tests.NodeApi;

public sealed class RequestSignatureTests
{
    private const string Target = "/v1/agents/box/0123/envd/files?path=%2Fa";

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Secret = Encoding.UTF8.GetBytes("a secret of the tests that is long enough");

    private static readonly string Proof = RequestSignature.Make(Secret, "POST", Target, Now);

    [Theory]
    [InlineData(0, true)]
    [InlineData(300, true)]
    [InlineData(-300, true)]
    [InlineData(301, false)]
    [InlineData(-301, false)]
    public void Proof_OfTheSameRequest_IsGoodForAsLongAsClocksMayDiffer(int seconds, bool good) =>
        Assert.Equal(good, RequestSignature.IsGood(Proof, Secret, "POST", Target, Now + TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("GET", Target)]
    [InlineData("POST", "/v1/agents/box/0123/agent/shutdown")]
    public void Proof_OfAnotherRequest_IsNotGood(string method, string target) =>
        Assert.False(RequestSignature.IsGood(Proof, Secret, method, target, Now));

    [Fact]
    public void Proof_WithAnotherSecret_IsNotGood() =>
        Assert.False(
            RequestSignature.IsGood(Proof, Encoding.UTF8.GetBytes("another secret of the tests, long enough"), "POST", Target, Now));

    [Fact]
    public void Proof_DatedAnew_IsNotGood()
    {
        var later = $"{Now.AddMinutes(4).ToUnixTimeMilliseconds()}{Proof[Proof.IndexOf('.', StringComparison.Ordinal)..]}";

        Assert.False(RequestSignature.IsGood(later, Secret, "POST", Target, Now.AddMinutes(4)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("1")]
    [InlineData("1.00")]
    [InlineData("-1.zz")]
    [InlineData("99999999999999999999.00")]
    public void Proof_ThatIsNone_IsNotGood(string? proof) => Assert.False(RequestSignature.IsGood(proof, Secret, "POST", Target, Now));

    [Fact]
    public void Proof_DoesNotTellTheSecret() => Assert.DoesNotContain("secret", Proof, StringComparison.Ordinal);
}
