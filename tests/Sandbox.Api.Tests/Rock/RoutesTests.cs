using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Rock;

public sealed class RoutesTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/apis/envs/sandbox/v1/nothing")]
    [InlineData("/alive")]
    [InlineData("/init")]
    [InlineData("/files?path=/etc/passwd")]
    public async Task Route_Unknown_Is404WithADetail(string path)
    {
        using var answer = await _server.Http.GetAsync(path);

        Assert.Equal(404, (int)answer.StatusCode);
        Assert.Equal("""{"detail":"Not Found"}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Method_Wrong_Is405WithADetail()
    {
        using var answer = await _server.Http.GetAsync(ApiServer.Rock + "/start");

        Assert.Equal(405, (int)answer.StatusCode);
        Assert.Equal("""{"detail":"Method Not Allowed"}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Root_Asked_Greets()
    {
        var greeting = await _server.Http.GetStringAsync("/");

        Assert.StartsWith("""{"message":""", greeting, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetToken_WithoutAnObjectStore_SucceedsWithNull()
    {
        var answer = await _server.GetAsync("/get_token?account=primary");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":null}""", answer);
    }
}
