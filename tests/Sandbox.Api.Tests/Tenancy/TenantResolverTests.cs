using System.Reflection;
using System.Text.Json;
using Sandbox.Api.Auth;
using Sandbox.Api.Caching;
using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Tenancy;

public sealed class TenantResolverTests
{
    /// <summary>A new endpoint cannot forget which tenant a sandbox belongs to: it cannot reach any but the caller's.</summary>
    [Fact]
    public void Endpoints_Take_NoDoorThatLeadsToEverybodysSandboxes()
    {
        Type[] unscoped =
        [
            typeof(ISandboxStore), typeof(ISandboxOperator), typeof(IAgentGateway), typeof(ILiveStore), typeof(ICommitStore),
            typeof(SandboxRecordCache), typeof(IEnvironmentStore),
        ];
        // Engines are looked after outside any request, for all tenants. The authenticator of a sandbox's token finds out of whom that
        // sandbox is, before there is a caller.
        string[] keepers = ["Sandbox.Api.Tenancy", "Sandbox.Api.Cluster", "Sandbox.Api.Caching", "Sandbox.Api.Serving"];
        const BindingFlags All =
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

        // A constructor takes what its object works with, and the handler of a route what its request needs.
        var bare = typeof(ApiServiceCollectionExtensions).Assembly.GetTypes()
            .Where(type => !keepers.Contains(type.Namespace) && type != typeof(SandboxTokenAuthenticator))
            .SelectMany(type => type.GetConstructors(All).Concat<MethodBase>(type.GetMethods(All))
                .SelectMany(method => method.GetParameters())
                .Where(parameter => unscoped.Contains(parameter.ParameterType))
                .Select(parameter => $"{type.Name} takes {parameter.ParameterType.Name}; let it take the one of Sandbox.Api.Tenancy"));

        Assert.Empty(bare);
    }

    [Fact]
    public async Task List_OfATenant_HasItsOwnAndItsOwnTotalOnly()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");
        var (_, blue) = await server.GivenKeyAsync("blue");
        var (_, admin) = await server.GivenKeyAsync("default", admin: true);
        await StartAsync(server, red, "r1");
        await StartAsync(server, red, "r2");
        await StartAsync(server, blue, "b1");

        Assert.Equal((2, "r1 r2"), await ListAsync(server, red, ""));
        Assert.Equal((2, "r1 r2"), await ListAsync(server, red, "?tenant=red"));
        Assert.Equal((0, ""), await ListAsync(server, red, "?tenant=blue"));
        Assert.Equal((1, "b1"), await ListAsync(server, blue, ""));
        Assert.Equal((3, "b1 r1 r2"), await ListAsync(server, admin, ""));
        Assert.Equal((1, "b1"), await ListAsync(server, admin, "?tenant=blue"));
    }

    [Fact]
    public async Task Headers_ThatDescribe_DoNotIdentify()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");
        await server.GivenKeyAsync("blue");
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + "/start");
        request.Headers.Add("X-API-Key", red);
        request.Headers.Add("X-User-Id", "blue");
        request.Headers.Add("X-Namespace", "blue");
        request.Content = new StringContent("""{"image":"busybox","sandbox_id":"a"}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await server.Http.SendAsync(request);

        var record = await server.Store.FindAsync(Contracts.Ids.SandboxId.Parse("a"), default);

        Assert.Equal(("red", "blue", "blue"), (record?.Tenant, record?.Owner.UserId, record?.Owner.Namespace));
    }

    private static async Task StartAsync(ApiServer server, string key, string id)
    {
        using var answer = await server.AskAsync(key, ApiServer.Rock + "/start", $$"""{"image":"busybox","sandbox_id":"{{id}}"}""");
        Assert.StartsWith("""{"status":"Success",""", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<(int Total, string Ids)> ListAsync(ApiServer server, string key, string query)
    {
        using var answer = await server.AskAsync(key, ApiServer.Rock + "/sandboxes" + query);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var result = document.RootElement.GetProperty("result");
        var ids = result.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sandbox_id").GetString());
        return (result.GetProperty("total").GetInt32(), string.Join(' ', ids.Order(StringComparer.Ordinal)));
    }
}
