using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.ClusterManagement;

/// <summary>Applications, which are models under another name, on a real server with the Echo engine.</summary>
public sealed class ApplicationTests(ModelServer server) : IClassFixture<ModelServer>
{
    [Fact]
    [Trait("Row", "48")]
    public async Task Application_MadeAndDeleted_IsShownAsItIs()
    {
        var (status, made) = await AskAsync(
            """{"name":"app","import_path":"echo:app","num_replicas":2,"ray_actor_options":{"num_cpus":0.5,"num_gpus":0,"memory":268435456}}""");
        Assert.True(status == 200, $"the application was to be accepted: {made}");
        Assert.Equal("""{"status":"deploying","name":"app","route_prefix":"/"}""", made.GetRawText());

        var model = await server.WhenAsync("app", one => ModelServer.Running(one) == 2);
        var application = await server.Http.GetFromJsonAsync<JsonElement>("/api/v1/applications/app");
        Assert.Equal(
            ("app", "RUNNING", "/", 2, ""),
            (Text(application, "name"), Text(application, "status"), Text(application, "route_prefix"),
                application.GetProperty("num_replicas").GetInt32(), Text(application, "message")));
        Assert.Equal(
            model.GetProperty("created_at").GetDateTimeOffset().ToUnixTimeSeconds(),
            (long)application.GetProperty("last_deployed_time").GetDouble());
        var listed = await server.Http.GetFromJsonAsync<JsonElement>("/api/v1/applications");
        Assert.Equal(1, listed.GetProperty("total_applications").GetInt32());
        Assert.Equal("app", Text(Assert.Single(listed.GetProperty("applications").EnumerateArray()), "name"));
        var cluster = await server.Http.GetFromJsonAsync<JsonElement>("/api/v1/cluster/status");
        Assert.Equal(1, cluster.GetProperty("total_applications").GetInt32());
        var (again, _) = await AskAsync("""{"name":"app","import_path":"echo:app"}""");
        Assert.Equal(409, again);

        using var deleted = await server.Http.DeleteAsync("/api/v1/applications/app");

        Assert.Equal("""{"status":"deleting","name":"app","route_prefix":"/"}""", await deleted.Content.ReadAsStringAsync());
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Delete })
        {
            using var request = new HttpRequestMessage(method, "/api/v1/applications/app");
            using var gone = await server.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        }
    }

    [Theory]
    [Trait("Row", "48")]
    [InlineData(422, """{"name":"a","import_path":"echo"}""", "import_path")]
    [InlineData(422, """{"name":"a","import_path":":x"}""", "import_path")]
    [InlineData(422, """{"name":"a","import_path":"echo:a","num_replicas":0}""", "num_replicas")]
    [InlineData(422, """{"name":"a","import_path":"echo:a","route_prefix":"/a"}""", "route_prefix")]
    [InlineData(422, """{"name":"a b","import_path":"echo:a"}""", "name")]
    [InlineData(422, """{"name":"a","import_path":"echo:a","ray_actor_options":{"num_cpu":1}}""", "is num_cpus meant?")]
    [InlineData(422, """{"name":"a","import_path":"echo:a","ray_actor_options":{"memory":"1g"}}""", "memory is a number")]
    [InlineData(422, """{"name":"a","import_path":"echo:a","ray_actor_options":[1]}""", "an object")]
    [InlineData(400, """{"name":"a","import_path":"parrot:a"}""", "echo")]
    [InlineData(400, """{"name":"a","import_path":"echo:a","ray_actor_options":{"num_gpus":2}}""", "tensor_parallel_size")]
    public async Task Application_ThatCannotBe_IsRefusedWithTheReason(int expected, string json, string reason)
    {
        var (status, problem) = await AskAsync(json);

        Assert.True(status == expected, $"{expected} was expected: {status} {problem}");
        Assert.Contains(reason, Text(problem, "detail"), StringComparison.Ordinal);
    }

    private async Task<(int Status, JsonElement Body)> AskAsync(string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await server.Http.PostAsync("/api/v1/applications", content);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
