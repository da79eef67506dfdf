using Sandbox.Serving.Cml.Clusters;

namespace Sandbox.Serving.Cml.Tests.Clusters;

public sealed class HeadAddressTests
{
    [Theory]
    [Trait("Row", "40")]
    [InlineData("https://head.ml.example/", null, "head.ml.example:6379")]
    [InlineData("http://head.ml.example:8080/a/b?c#d", null, "head.ml.example:6379")]
    [InlineData("head.ml.example", null, "head.ml.example:6379")]
    [InlineData("head.ml.example/path", "other", "head.ml.example:6379")]
    [InlineData("https://user@head.ml.example", null, "head.ml.example:6379")]
    [InlineData("https://[::1]:8080/", null, "[::1]:6379")]
    [InlineData(null, "ray-cluster-head", "ray-cluster-head:6379")]
    [InlineData("", "head.sub:99", "head.sub:6379")]
    [InlineData(null, null, "ray-cluster-head:6379")]
    [InlineData("https:///", "", "ray-cluster-head:6379")]
    public void Address_OfWhatIsTold_IsTheHostWithThePort(string? url, string? subdomain, string expected) =>
        Assert.Equal(expected, HeadAddress.Of(url, subdomain, 6379));

    [Theory]
    [InlineData("ray-cluster-worker-1", "ray-cluster-worker-1")]
    [InlineData("Ray Cluster__Head!", "ray-cluster-head")]
    [InlineData("--a--b--", "a-b")]
    public void Subdomain_OfAName_IsLettersAndDigitsWithSingleHyphens(string name, string expected) =>
        Assert.Equal(expected, Subdomain.Make(name));

    [Fact]
    public void Subdomain_OfALongName_IsOneLabel()
    {
        var subdomain = Subdomain.Make(new string('a', 62) + "-b");

        Assert.Equal(new string('a', 62), subdomain);
        Assert.False(Subdomain.TryMake("-_-", out _), "there is no letter and no digit in it");
    }
}
