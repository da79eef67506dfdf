using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Matrix;

/// <summary>Every kind of caller, by the key that it sends; null: none.</summary>
internal sealed record Callers(string Same, string Other, string Admin, string Operator, string Revoked, string Expired)
{
    /// <summary>The tenant that the sandboxes of the matrix belong to.</summary>
    public const string Tenant = "red";

    /// <summary>The callers that are refused everywhere.</summary>
    public IReadOnlyList<(string Name, string? Key)> Strangers =>
        [("no key", null), ("wrong key", Same + "x"), ("revoked key", Revoked), ("expired key", Expired)];

    public static async Task<Callers> MeetAsync(ApiServer server)
    {
        var (_, same) = await server.GivenKeyAsync(Tenant);
        var (_, other) = await server.GivenKeyAsync("blue");
        var (_, admin) = await server.GivenKeyAsync("default", admin: true);
        var (_, operating) = await server.GivenKeyAsync("default", permissions: [.. Permission.All]);
        var (id, revoked) = await server.GivenKeyAsync(Tenant);
        Assert.True(await server.Tenants.TryRevokeKeyAsync(id, default));
        var (_, expired) = await server.GivenKeyAsync(Tenant, expires: DateTimeOffset.UnixEpoch);
        return new Callers(same, other, admin, operating, revoked, expired);
    }
}
