using Microsoft.AspNetCore.Routing;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Testing.Routes;

namespace Sandbox.Api.Tests.Matrix;

/// <summary>
/// Every route, asked by every kind of caller, about a sandbox that is not there and then about the same id when it is: to
/// a caller that it does not belong to, nothing differs. The routes come from the server itself, so that a new one without a row fails.
/// </summary>
public sealed class TenantMatrixTests(MatrixServer shared) : IClassFixture<MatrixServer>
{
    private readonly ApiServer _server = shared.Server;
    private readonly Callers _callers = shared.Callers;

    public static TheoryData<string> Routes() => [.. ApiRows.All.Select(row => row.Route)];

    [Fact]
    public void Routes_OfTheServer_AllHaveARow()
    {
        var endpoints = _server.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (endpoint.RoutePattern.RawText!, endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []));

        Assert.Empty(RouteTable.Compare(endpoints, ApiRows.MiddlewareRoutes, ApiRows.All));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_AskedByAStranger_SaysTheSameWhateverThereIs(string route)
    {
        var (row, id) = (Row(route), SandboxId.New().ToString());
        var before = new List<string>();
        foreach (var (_, key) in _callers.Strangers)
        {
            before.Add(await AskAsync(row, key, id));
        }

        var record = await GivenAsync(row, id);
        foreach (var ((name, key), unknown) in _callers.Strangers.Zip(before))
        {
            Assert.StartsWith("HTTP 401\n", unknown, StringComparison.Ordinal);
            Assert.True(unknown == before[0], $"{name}: the answer differs from that to no key at all:\n{unknown}\n{before[0]}");
            Assert.Equal(unknown, await AskAsync(row, key, id));
        }

        Assert.Equal(record, await FactsAsync(id));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_AskedByAnotherTenant_SaysTheSameAsOfWhatIsNotThere(string route)
    {
        var (row, id) = (Row(route), SandboxId.New().ToString());
        var opened = _server.Gateway.Opened;
        var unknown = row.Names is Named.NewSandbox ? null : await AskAsync(row, _callers.Other, id);
        var record = await GivenAsync(row, id);

        var foreign = await AskAsync(row, _callers.Other, id);

        if (row.Names is Named.NewSandbox)
        {
            // Ids are one for all tenants, and that one is taken is all that is said: the same as to its owner.
            Assert.Equal(await AskAsync(row, _callers.Same, id), foreign);
            Assert.Contains("already exists", foreign, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(unknown, foreign);
        }

        if (row.Names is Named.Cluster or Named.Rollout)
        {
            Assert.StartsWith("HTTP 403\n", foreign, StringComparison.Ordinal);
        }

        Assert.True(_server.Gateway.Opened == opened, "another tenant's call must open no connection into any sandbox");
        Assert.Equal(record, await FactsAsync(id));
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Route_AskedByItsOwnerOrAnAdmin_Reaches(string route)
    {
        var row = Row(route);
        string[] keys = row.Names switch
        {
            Named.Cluster => [_callers.Admin],
            Named.Rollout => [_callers.Operator],
            _ => [_callers.Same, _callers.Admin],
        };
        foreach (var key in keys)
        {
            var id = SandboxId.New().ToString();
            var unknown = row.Names is Named.Sandbox or Named.Sandboxes ? await AskAsync(row, key, id) : null;
            var record = row.Names is Named.Sandbox or Named.Sandboxes ? await GivenAsync(row, id) : null;

            var own = await AskAsync(row, key, id);

            var status = int.Parse(
                own["HTTP ".Length..own.IndexOf('\n', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(status is not (401 or 403), $"its owner and an admin are let in, but: {own}");
            if (row.AnswersAlike)
            {
                Assert.NotEqual(record, await FactsAsync(id));
            }
            else if (unknown is not null)
            {
                Assert.True(
                    unknown != own, $"the row proves nothing: the answer for the owner's own sandbox is the same as for none: {own}");
            }
        }
    }

    private static RouteRow Row(string route) => ApiRows.All.Single(row => row.Route == route);

    private async Task<string> AskAsync(RouteRow row, string? key, string id)
    {
        var request = row.Ask(id);
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        return await Answer.OfAsync(_server.Http, request, TestContext.Current.CancellationToken);
    }

    /// <summary>A running sandbox of the tenant, and its facts.</summary>
    private async Task<string> GivenAsync(RouteRow row, string id)
    {
        using var started = await _server.AskAsync(
            _callers.Same, ApiServer.Rock + "/start", $$"""{"image":"busybox","sandbox_id":"{{id}}","auto_delete_seconds":3600}""");
        Assert.StartsWith("""{"status":"Success",""", await started.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        if (row.Before is { } before)
        {
            var request = before(id);
            request.Headers.Add("X-API-Key", _callers.Same);
            Assert.Contains("\"status\":\"Success\"", await Answer.OfAsync(_server.Http, request, default), StringComparison.Ordinal);
        }

        return await FactsAsync(id);
    }

    /// <summary>What no stranger may change.</summary>
    private async Task<string> FactsAsync(string id)
    {
        var record = await _server.Store.FindAsync(SandboxId.Parse(id), default);
        return $"{record!.Tenant} {record.State.Name()} {record.Version} {record.IdleDeadline:O}";
    }
}
