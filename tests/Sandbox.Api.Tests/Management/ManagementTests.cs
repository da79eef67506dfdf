using Microsoft.Data.Sqlite;
using Sandbox.Api.Tests.Servers;
using Sandbox.Client;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Management;

public sealed class ManagementTests
{
    [Fact]
    public async Task Key_Made_WorksAndItsSecretIsKeptNowhere()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, adminSecret) = await server.GivenKeyAsync("default", admin: true);
        using var admin = new SandboxClient(server.Address, adminSecret);
        await admin.CreateTenantAsync("red", new QuotaMessage(Sandboxes: 3), default);

        var made = await admin.CreateKeyAsync(new KeyRequest("red", Note: "of the tests"), default);

        using var red = new SandboxClient(server.Address, made.Secret);
        await red.StartAndWaitAsync(new() { Image = "busybox", SandboxId = "a" }, null, default);
        Assert.Equal("red", (await server.Store.FindAsync(SandboxId.Parse("a"), default))?.Tenant);
        var listed = Assert.Single(await admin.KeysAsync(default), key => key.Id == made.Id);
        Assert.Equal(("red", false, "of the tests", null), (listed.Tenant, listed.Admin, listed.Note, listed.RevokedAt));
        Assert.DoesNotContain(server.Logs.Lines, line => line.Contains(made.Secret, StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(server.Database)!, "sandboxes.db*"))
        {
            Assert.Equal(-1, (await ReadAsync(file)).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(made.Secret)));
        }
    }

    [Fact]
    public async Task Key_Revoked_IsRefusedAndListedAsRevoked()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, adminSecret) = await server.GivenKeyAsync("default", admin: true);
        using var admin = new SandboxClient(server.Address, adminSecret);
        var made = await admin.CreateKeyAsync(new KeyRequest(), default);
        using var before = await server.AskAsync(made.Secret, "/");

        await admin.RevokeKeyAsync(made.Id, default);

        using var after = await server.AskAsync(made.Secret, "/");
        Assert.Equal((200, 401), ((int)before.StatusCode, (int)after.StatusCode));
        Assert.NotNull((await admin.KeysAsync(default)).Single(key => key.Id == made.Id).RevokedAt);
        var again = await Assert.ThrowsAsync<SandboxClientException>(() => admin.RevokeKeyAsync(made.Id, default));
        Assert.Equal("not_found", again.Code);
    }

    [Fact]
    public async Task JoinToken_OfAServerThatIsNoCluster_IsRefusedWithThatReason()
    {
        await using var server = await ApiServer.StartAsync();

        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => server.Client.CreateJoinTokenAsync(new(), default));
        var wrong = await Assert.ThrowsAsync<SandboxClientException>(() => server.Client.CreateJoinTokenAsync(new(TtlSeconds: 0), default));

        Assert.Equal(("no_cluster", "bad_request"), (refused.Code, wrong.Code));
        Assert.Empty(await server.Client.JoinTokensAsync(default));
    }

    [Fact]
    public async Task Usage_IsOfTheCallersSandboxes_AndOfNodesForAnAdminOnly()
    {
        await using var server = await ApiServer.StartAsync();
        using var red = new SandboxClient(server.Address, (await server.GivenKeyAsync("red")).Secret);
        using var blue = new SandboxClient(server.Address, (await server.GivenKeyAsync("blue")).Secret);
        using var admin = new SandboxClient(server.Address, (await server.GivenKeyAsync("default", admin: true)).Secret);
        await red.StartAndWaitAsync(new() { Image = "busybox", SandboxId = "a" }, null, default);

        var (reds, blues, admins) = (await red.UsageAsync(default), await blue.UsageAsync(default), await admin.UsageAsync(default));

        Assert.Equal(new SandboxUsage("a", TestUsage.AtMs, 1.5, TestUsage.Memory), Assert.Single(reds.Sandboxes));
        Assert.Empty(reds.Nodes);
        Assert.Empty(blues.Sandboxes);
        Assert.Equal(["a"], admins.Sandboxes.Select(use => use.SandboxId));
        Assert.Equal(new NodeUsage("n1", TestUsage.AtMs, 100, 4, 1L << 30, 8L << 30), Assert.Single(admins.Nodes));
    }

    [Fact]
    public async Task Diagnostics_AreOfTheServerAndOfEachNode_ForAnAdminOnly()
    {
        await using var server = await ApiServer.StartAsync();
        using var red = new SandboxClient(server.Address, (await server.GivenKeyAsync("red")).Secret);
        using var admin = new SandboxClient(server.Address, (await server.GivenKeyAsync("default", admin: true)).Secret);

        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => red.DiagnosticsAsync(default));
        var told = await admin.DiagnosticsAsync(default);

        Assert.Equal("forbidden", refused.Code);
        Assert.Contains(told.Server, check => check is { Name: "callers", Status: DiagnosticCheck.Ok, Found: "each shows a key" });
        Assert.Contains(told.Server, check => check is { Name: "tls", Status: DiagnosticCheck.Ok });
        Assert.Equal(TestDiagnostics.Node, Assert.Single(told.Nodes).Node);
        Assert.True(told.PromisesHold, "a warning is no broken promise");
    }

    [Fact]
    public async Task Diagnostics_WhereACheckFails_SayThatAPromiseDoesNotHold()
    {
        await using var server = await ApiServer.StartAsync();
        server.Get<TestDiagnostics>().Checks = [DiagnosticCheck.Fail("seccomp", "off", "turn it on")];

        var told = await server.Client.DiagnosticsAsync(default);

        Assert.False(told.PromisesHold, "a node without seccomp breaks a promise");
        Assert.Equal(DiagnosticCheck.Fail("seccomp", "off", "turn it on"), Assert.Single(Assert.Single(told.Nodes).Checks));
    }

    [Fact]
    public async Task Quota_Set_IsListedWithWhatIsUsed()
    {
        await using var server = await ApiServer.StartAsync();
        await server.GivenRunningAsync();

        await server.Client.SetQuotaAsync("default", new QuotaMessage(Sandboxes: 5, Cpus: 12.5), default);

        var tenant = Assert.Single(await server.Client.TenantsAsync(default));
        Assert.Equal(("default", new QuotaMessage(5, 12.5), 1), (tenant.Name, tenant.Quota, tenant.Used.Sandboxes));
    }

    [Theory]
    [InlineData("POST", "/tenants", """{"name":"Red"}""", 400, "bad_request", "name: 1 to 63 characters of a-z 0-9 and -, the first a letter or digit.")]
    [InlineData("POST", "/tenants", """{"name":"a","quota":{"cpus":-1}}""", 400, "bad_request", "quota: a bound is at least 0.")]
    [InlineData("POST", "/tenants", """{"name":"default"}""", 409, "exists", "Tenant default already exists.")]
    [InlineData("POST", "/tenants", "[", 400, "bad_request", "The body is not JSON of the expected form.")]
    [InlineData("PUT", "/tenants/none/quota", "{}", 404, "not_found", "There is no such tenant.")]
    [InlineData("POST", "/keys", """{"tenant":"none"}""", 404, "not_found", "There is no such tenant.")]
    [InlineData("POST", "/keys", """{"expires_at":"2001-01-01T00:00:00Z"}""", 400, "bad_request", "expires_at: it lies in the past.")]
    [InlineData("POST", "/keys", "{\"note\":\"a\\nb\"}", 400, "bad_request", "note: at most 200 printable characters.")]
    [InlineData(
        "POST", "/keys", "{\"tenant\":\"a\\u0000b\"}", 400, "bad_request", "The body contains a NUL character, which no database keeps.")]
    [InlineData("DELETE", "/keys/none", "", 404, "not_found", "There is no such key, or it was revoked before.")]
    [InlineData("GET", "/dead-letters?limit=0", "", 400, "bad_request", "limit: 1 to 1000.")]
    [InlineData("POST", "/dead-letters/x/redrive", "", 404, "not_found", "There is no such dead letter.")]
    [InlineData("POST", "/nodes/none/drain", "", 404, "not_found", "There is no such node.")]
    [InlineData("GET", "/nothing", "", 404, "not_found", "Not Found")]
    [InlineData("PATCH", "/keys", "", 405, "method_not_allowed", "Method Not Allowed")]
    public async Task Request_ThatCannotBe_IsAProblem(string method, string path, string body, int status, string code, string detail)
    {
        await using var server = await ApiServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1" + path);
        request.Content = body.Length == 0 ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var answer = await server.Http.SendAsync(request);

        Assert.Equal((status, "application/problem+json"), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.EndsWith($$""","status":{{status}},"code":"{{code}}","detail":"{{detail}}"}""", text, StringComparison.Ordinal);
    }

    /// <summary>Clients compare with what they know: the type has no parameter, and the length is stated.</summary>
    [Theory]
    [InlineData("GET", "/tenants", "", 200, """[{"name":"default","quota":{"sandboxes":null,"cpus":null,"memory_bytes":null,"creates_per_minute":null,"total_sandboxes":null,"gpus":null,"disk_bytes":null},"used":{"sandboxes":0,"cpus":0,"memory_bytes":0,"total_sandboxes":0,"gpus":0,"disk_bytes":0}}]""")]
    [InlineData("POST", "/tenants", """{"name":"é-"}""", 400, null)]
    [InlineData("POST", "/tenants", """{"name":"a","quota":{"cpus":1.5}}""", 201, """{"name":"a","quota":{"sandboxes":null,"cpus":1.5,"memory_bytes":null,"creates_per_minute":6000,"total_sandboxes":null,"gpus":null,"disk_bytes":null},"used":{"sandboxes":0,"cpus":0,"memory_bytes":0,"total_sandboxes":0,"gpus":0,"disk_bytes":0}}""")]
    [InlineData("POST", "/tenants", """{"name":"a","quota":{"creates_per_minute":5,"disk_bytes":7,"gpus":-1}}""", 400, null)]
    [InlineData("PUT", "/tenants/default/quota", "{}", 204, "")]
    [InlineData("GET", "/keys", "", 200, "[]")]
    [InlineData("GET", "/join-tokens", "", 200, "[]")]
    public async Task Answer_HasItsExactForm(string method, string path, string body, int status, string? expected)
    {
        await using var server = await ApiServer.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1" + path);
        request.Content = body.Length == 0 ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var answer = await server.Http.SendAsync(request);

        var type = status switch { 204 => null, < 400 => "application/json", _ => "application/problem+json" };
        Assert.Equal((status, type), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
        var text = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal(text.Length, answer.Content.Headers.ContentLength ?? 0);
        if (expected is not null)
        {
            Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(text));
        }
    }

    [Theory]
    [InlineData("/keys", "{}")]
    [InlineData("/tenants", """{"name":"a"}""")]
    public async Task Answer_WithASecret_IsKeptByNoCache(string path, string body)
    {
        await using var server = await ApiServer.StartAsync();
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var answer = await server.Http.PostAsync("/api/v1" + path, content);

        Assert.Equal(201, (int)answer.StatusCode);
        Assert.Equal(path == "/keys", answer.Headers.CacheControl?.NoStore is true);
    }

    [Fact]
    public async Task Body_OverTheLimit_IsAProblemThatNamesIt_AndAskedOfAnAdminOnly()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, admin) = await server.GivenKeyAsync("default", admin: true);
        var (_, red) = await server.GivenKeyAsync("red");
        var large = $$"""{"name":"{{new string('a', 64 * 1024)}}"}""";

        using var asAdmin = await server.AskAsync(admin, "/api/v1/tenants", large);
        using var asTenant = await server.AskAsync(red, "/api/v1/tenants", large);

        Assert.Equal(
            """{"type":"about:blank","title":"Payload Too Large","status":413,"code":"too_large","detail":"The body is larger than 65536 bytes."}""",
            await asAdmin.Content.ReadAsStringAsync());
        Assert.Equal((413, 403), ((int)asAdmin.StatusCode, (int)asTenant.StatusCode));
    }

    [Fact]
    public async Task Store_ThatFails_IsAProblemThatTellsNothingOfIt()
    {
        await using var server = await ApiServer.StartAsync();
        await using (var file = new SqliteConnection($"Data Source={server.Database}"))
        {
            await file.OpenAsync();
            await using var drop = file.CreateCommand();
            drop.CommandText = "DROP TABLE nodes";
            await drop.ExecuteNonQueryAsync();
        }

        using var answer = await server.Http.GetAsync("/api/v1/nodes");

        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Equal(
            """{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal","detail":"The server failed to handle this request; the reason is in its log."}""",
            await answer.Content.ReadAsStringAsync());
        await server.Logs.UntilAsync("5401 ");
    }

    [Fact]
    public async Task Route_AskedByWhoIsNoAdmin_IsForbidden()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");

        using var answer = await server.AskAsync(red, "/api/v1/keys");

        Assert.Equal(403, (int)answer.StatusCode);
        Assert.Equal(
            """{"type":"about:blank","title":"Forbidden","status":403,"code":"forbidden","detail":"An admin's API key is needed."}""",
            await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task DeadLetter_Redriven_IsAJobAgain()
    {
        await using var server = await ApiServer.StartAsync();
        server.Node.DeadLetterReason = "the test gave it up";
        await server.PostAsync("/start_async", """{"image":"busybox","sandbox_id":"a"}""");
        await server.Node.DeadLettered.WaitAsync(TimeSpan.FromSeconds(60));
        server.Node.DeadLetterReason = null;

        var letter = Assert.Single(await server.Client.DeadLettersAsync(10, default));
        Assert.Equal(("a", "sandbox.start.v1", 1, "the test gave it up"), (letter.SandboxId, letter.Job, letter.Attempts, letter.Reason));
        await server.Client.RedriveAsync(letter.Id, default);

        Assert.Empty(await server.Client.DeadLettersAsync(10, default));
        await server.GivenRunningAsync("another");
        var again = await server.Operator.WaitUntilAliveAsync(SandboxId.Parse("a"), default).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(again.TryGet(out _, out var error), $"the node did the job that was a dead letter, but: {error?.Text}");
    }

    [Fact]
    public async Task Node_Drained_SaysSo()
    {
        await using var server = await ApiServer.StartAsync();
        var facts = new NodeFacts(
            "n1", new Uri("http://10.0.0.7:8090"), "10.0.0.7", new NodeCapacity(4, 8, long.MaxValue, 0),
            new Dictionary<string, string> { ["zone"] = "a" },
            [DeploymentKind.Docker], "1.0");
        Assert.True(
            (await server.Get<INodeStore>().TryRegisterAsync(facts, "holder", TimeSpan.FromMinutes(1), default)).TryGet(out _, out _));

        await server.Client.SetDrainingAsync("n1", draining: true, default);
        var drained = Assert.Single(await server.Client.NodesAsync(default));
        await server.Client.SetDrainingAsync("n1", draining: false, default);
        var back = Assert.Single(await server.Client.NodesAsync(default));

        Assert.Equal(("n1", "alive", true, "http://10.0.0.7:8090"), (drained.Name, drained.State, drained.Draining, drained.Address));
        Assert.Equal(new NodeCapacityMessage(4, 8, null, 0), drained.Capacity);
        Assert.False(back.Draining);
    }

    private static async Task<byte[]> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
