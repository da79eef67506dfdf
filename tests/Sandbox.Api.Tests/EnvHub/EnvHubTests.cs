using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.EnvHub;

public sealed partial class EnvHubTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Fact]
    public async Task Register_WithAllMembers_AnswersThemInRocksOrderWithTheTimes()
    {
        var (status, answer) = await PostAsync(
            "/envhub/env/register",
            """
            {"env_name":"all","image":"python:3.11-slim","owner":"dev","description":"d","tags":["a","b"],
             "extra_spec":{"python_version":"3.11","n":1.50},"unknown":1}
            """);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            """
            {"env_name":"all","image":"python:3.11-slim","owner":"dev","description":"d","tags":["a","b"],
            "extra_spec":{"python_version":"3.11","n":1.50},"create_at":"TIME","update_at":"TIME"}
            """.Replace("\n", "", StringComparison.Ordinal),
            Masked(answer));
        Assert.Equal(answer, (await PostAsync("/envhub/env/get", """{"env_name":"all"}""")).Answer);
    }

    /// <summary>The TypeScript SDK's schema takes no null there.</summary>
    [Fact]
    public async Task Register_Enveloped_HasAResultWithoutNull()
    {
        var (_, answer) = await PostAsync("/envhub/enveloped/env/register", """{"env_name":"few","image":"busybox"}""");

        Assert.Equal(
            """
            {"status":"Success","message":null,"error":null,"result":{"env_name":"few","image":"busybox","owner":"","description":"",
            "tags":[],"extra_spec":{},"create_at":"TIME","update_at":"TIME"}}
            """.Replace("\n", "", StringComparison.Ordinal),
            Masked(answer));
    }

    [Fact]
    public async Task Register_Again_ReplacesAllButTheTimeOfCreation()
    {
        var first = Parse(await PostAsync("/envhub/env/register", """{"env_name":"again","image":"a:1","tags":["x"]}"""));
        var second = Parse(await PostAsync("/envhub/env/register", """{"env_name":"again","image":"a:2"}"""));

        Assert.Equal(("a:2", 0), ((string)second["image"]!, second["tags"]!.AsArray().Count));
        Assert.Equal((string)first["create_at"]!, (string)second["create_at"]!);
    }

    [Fact]
    public async Task List_ByOwnerAndTags_HasThoseWithAnyOfTheTags()
    {
        await PostAsync("/envhub/env/register", """{"env_name":"l1","image":"i","owner":"lister","tags":["l-a","l-b"]}""");
        await PostAsync("/envhub/env/register", """{"env_name":"l2","image":"i","owner":"lister","tags":["l-c"]}""");
        await PostAsync("/envhub/env/register", """{"env_name":"l3","image":"i","owner":"other","tags":["l-a"]}""");

        Assert.Equal(["l1", "l2"], await ListAsync("""{"owner":"lister"}"""));
        Assert.Equal(["l1", "l3"], await ListAsync("""{"tags":["l-a","none"]}"""));
        Assert.Equal(["l2"], await ListAsync("""{"owner":"lister","tags":["l-c"]}"""));
        Assert.Empty(await ListAsync("""{"owner":"nobody"}"""));
        Assert.Contains("EnvhubDefaultDockerImage", await ListAsync("{}"));
    }

    [Fact]
    public async Task Default_BeforeAnyIsRegistered_IsThere()
    {
        var found = Parse(await PostAsync("/envhub/env/get", """{"env_name":"EnvhubDefaultDockerImage"}"""));

        Assert.Equal(("python:3.11", "ENVHUB"), ((string)found["image"]!, (string)found["owner"]!));
    }

    [Theory]
    [InlineData("/envhub", "true")]
    [InlineData("/envhub/enveloped", """{"status":"Success","message":null,"error":null,"result":true}""")]
    public async Task Delete_OfANameThatIsThere_IsTrueAndOfOneThatIsNot404(string prefix, string deleted)
    {
        await PostAsync(prefix + "/env/register", """{"env_name":"gone","image":"i"}""");

        Assert.Equal((HttpStatusCode.OK, deleted), await PostAsync(prefix + "/env/delete", """{"env_name":"gone"}"""));
        var missing = (HttpStatusCode.NotFound, """{"detail":"Environment gone not found"}""");
        Assert.Equal(missing, await PostAsync(prefix + "/env/delete", """{"env_name":"gone"}"""));
        Assert.Equal(missing, await PostAsync(prefix + "/env/get", """{"env_name":"gone"}"""));
    }

    [Theory]
    [InlineData("""{"image":"i"}""", """{"detail":[{"type":"missing","loc":["body","env_name"],"msg":"Field required"}]}""")]
    [InlineData("""{"env_name":" ","image":"i"}""",
        """{"detail":[{"type":"value_error","loc":["body","env_name"],"msg":"String should have at least 1 character"}]}""")]
    [InlineData("""{"env_name":"a","image":"i","extra_spec":[]}""",
        """{"detail":[{"type":"value_error","loc":["body","extra_spec"],"msg":"Input should be a valid dictionary"}]}""")]
    [InlineData("""{"env_name":"a","image":"i","extra_spec":{"a":"\ud800"}}""",
        """{"detail":[{"type":"value_error","loc":["body","extra_spec"],"msg":"Input should be valid Unicode"}]}""")]
    [InlineData("""{"env_name":"a\u0000","image":"i"}""",
        """{"detail":[{"type":"value_error","loc":["body","env_name"],"msg":"must not contain a NUL character"}]}""")]
    [InlineData("""{"env_name":"a","image":"i","tags":[1]}""",
        """{"detail":[{"type":"value_error","loc":["body","tags","0"],"msg":"Input should be a valid string"}]}""")]
    [InlineData("not json", """{"detail":[{"type":"value_error","loc":["body"],"msg":"JSON decode error"}]}""")]
    public async Task Register_WithABadBody_Is422WithItsLocation(string body, string expected) =>
        Assert.Equal((HttpStatusCode.UnprocessableEntity, expected), await PostAsync("/envhub/env/register", body));

    [Fact]
    public async Task Register_WithMoreThanItMayHave_IsRefused()
    {
        var (many, long1, large) = (string.Join(',', Enumerable.Repeat("\"t\"", 101)), new string('n', 256), new string('d', 40_000));

        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await PostAsync("/envhub/env/register", $$"""{"env_name":"a","image":"i","tags":[{{many}}]}""")).Status);
        Assert.Equal(
            HttpStatusCode.UnprocessableEntity,
            (await PostAsync("/envhub/env/register", $$"""{"env_name":"{{long1}}","image":"i"}""")).Status);
        Assert.Equal(
            HttpStatusCode.RequestEntityTooLarge,
            (await PostAsync("/envhub/env/register", $$"""{"env_name":"a","image":"i","description":"{{large}}"}""")).Status);
    }

    /// <summary>A page of another origin can send such a body without asking first.</summary>
    [Fact]
    public async Task Register_WithABodyThatIsNotCalledJson_IsRefused()
    {
        using var content = new StringContent("""{"env_name":"page","image":"i"}""", Encoding.UTF8, "text/plain");
        using var answer = await _server.Http.PostAsync("/envhub/env/register", content);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync("/envhub/env/get", """{"env_name":"page"}""")).Status);
    }

    [Fact]
    public async Task Health_Asked_IsOkInBothForms()
    {
        Assert.Equal("""{"status":"ok"}""", await _server.Http.GetStringAsync("/envhub/health"));
        Assert.Equal(
            """{"status":"Success","message":null,"error":null,"result":{"status":"ok"}}""",
            await _server.Http.GetStringAsync("/envhub/enveloped/health"));
    }

    [Fact]
    public async Task Names_OfTwoTenants_AreApart()
    {
        await using var server = await ApiServer.StartAsync();
        var (_, red) = await server.GivenKeyAsync("red");
        var (_, blue) = await server.GivenKeyAsync("blue");
        using var registered = await server.AskAsync(red, "/envhub/env/register", """{"env_name":"mine","image":"secret:1"}""");
        Assert.Equal(HttpStatusCode.OK, registered.StatusCode);

        using var foreign = await server.AskAsync(blue, "/envhub/env/get", """{"env_name":"mine"}""");
        using var list = await server.AskAsync(blue, "/envhub/env/list", "{}");
        using var deleted = await server.AskAsync(blue, "/envhub/env/delete", """{"env_name":"mine"}""");
        using var own = await server.AskAsync(red, "/envhub/env/get", """{"env_name":"mine"}""");

        Assert.Equal(
            (HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.OK),
            (foreign.StatusCode, deleted.StatusCode, own.StatusCode));
        Assert.DoesNotContain("secret:1", await list.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>ROCK's clients look for it at the root of a port of its own.</summary>
    [Fact]
    public async Task Routes_UnderThePortOfEnvHub_AreAtItsRoot()
    {
        await using var server = await ApiServer.StartAsync(("Api:EnvHubPort", "8081"));

        Assert.Equal("""{"status":"ok"}""", await HealthAsync("localhost:8081"));
        Assert.NotEqual("""{"status":"ok"}""", await HealthAsync("localhost:8080"));

        async Task<string> HealthAsync(string host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
            request.Headers.Host = host;
            using var answer = await server.Http.SendAsync(request);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    private async Task<IEnumerable<string>> ListAsync(string body) =>
        Parse(await PostAsync("/envhub/env/list", body))["envs"]!.AsArray().Select(one => (string)one!["env_name"]!);

    private async Task<(HttpStatusCode Status, string Answer)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _server.Http.PostAsync(path, content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static JsonNode Parse((HttpStatusCode Status, string Answer) answered)
    {
        Assert.Equal(HttpStatusCode.OK, answered.Status);
        return JsonNode.Parse(answered.Answer)!;
    }

    private static string Masked(string answer) => Times().Replace(answer, "\"$1\":\"TIME\"");

    [GeneratedRegex("\"(create_at|update_at)\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}\\+00:00\"")]
    private static partial Regex Times();
}
