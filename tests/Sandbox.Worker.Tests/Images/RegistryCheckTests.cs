using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Images;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Storage.Archives;

namespace Sandbox.Worker.Tests.Images;

public sealed class RegistryCheckTests
{
    private readonly Dictionary<string, string[]> _names = new() { ["registry.example"] = ["93.184.216.34", "2606:2800:220:1::1"] };
    private readonly List<string> _asked = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("python")]
    [InlineData("docker.io/team/app")]
    [InlineData("registry.example/a")]
    [InlineData("registry.example:5000/a")]
    public async Task Check_OfAPublicName_AllowsIt(string image) => Assert.Null(await CheckAsync(image));

    [Theory]
    [InlineData("127.0.0.1:9999/a")]
    [InlineData("127.1:80/a")]
    [InlineData("10.0.0.5:6379/a")]
    [InlineData("169.254.169.254/a")]
    [InlineData("0x7f.1/a")]
    [InlineData("0x7f000001:80/a")]
    [InlineData("2130706433:80/a")]
    [InlineData("8.8.8.8/a")]
    [InlineData("localhost/a")]
    [InlineData("localhost:5000/a")]
    [InlineData("LocalHost:5000/a")]
    [InlineData("a.localhost/a")]
    public async Task Check_OfAnAddressOrThisMachine_RefusesItWithoutALookup(string image)
    {
        Assert.EndsWith(" is not a public host", await CheckAsync(image), StringComparison.Ordinal);
        Assert.Empty(_asked);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("172.16.0.1")]
    [InlineData("192.168.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("2002:a00:1::1")]
    public async Task Check_OfANameWithOneAddressThatIsNotPublic_RefusesIt(string address)
    {
        _names["evil.example"] = ["93.184.216.34", address];

        Assert.Equal("the registry evil.example is not a public host", await CheckAsync("evil.example/a"));
    }

    [Fact]
    public async Task Check_OfAnUnknownName_SaysTheSameAsOfAPrivateOne() =>
        Assert.Equal("the registry nobody.example is not a public host", await CheckAsync("nobody.example/a"));

    [Theory]
    [InlineData("localhost:5000/a", true)]
    [InlineData("ghcr.io/a", true)]
    [InlineData("docker.io/library/python", false)]
    [InlineData("python", false)]
    [InlineData("registry.example/a", false)]
    public async Task Check_WithAList_AllowsWhatStandsInItOnly(string image, bool allowed)
    {
        var refused = await CheckAsync(image, new ImagePolicy { Registries = "localhost:5000 GHCR.io" });

        Assert.True(allowed == refused is null, refused);
        Assert.Empty(_asked);
    }

    [Fact]
    public async Task Check_ForTheOperatorsTenant_AllowsEverything() =>
        Assert.Null(await CheckAsync("localhost:5000/a", new ImagePolicy(), tenant: "default"));

    [Fact]
    public async Task Check_OfTheRepositoryOfArchives_RefusesItAlsoWhereItsRegistryIsListed() =>
        Assert.EndsWith(
            "is a name that this platform keeps for itself",
            await CheckAsync("registry.example/archives:1", new ImagePolicy { Registries = "registry.example" }),
            StringComparison.Ordinal);

    private Task<string?> CheckAsync(string image, ImagePolicy? policy = null, string tenant = "red")
    {
        var archives = new ArchiveOptions { Store = "registry", Repository = "registry.example/archives" };
        var check = new RegistryCheck(Options.Create(policy ?? new ImagePolicy()), Options.Create(archives), TimeProvider.System)
        {
            Resolve = (host, _) =>
            {
                _asked.Add(host);
                return _names.TryGetValue(host, out var addresses)
                    ? Task.FromResult(addresses.Select(IPAddress.Parse).ToArray()) : throw new SocketException(11001);
            },
        };
        return check.WhyRefusedAsync(ImageReference.Parse(image)!, tenant, Token);
    }
}
