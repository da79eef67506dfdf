using System.Diagnostics;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Topology.Compose;

namespace AppHost.Tests;

/// <summary>What the AppHost publishes, by the program itself as <c>aspire publish</c> and <c>azd</c> start it.</summary>
public sealed class PublishingTests : IDisposable
{
    private static readonly string[] Programs = ["api", "health", "node-1", "node-2", "node-3", "node-4"];

    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Repository { get; } = FindRepository();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Publish_WithoutAClusterFile_WritesTheTextOfTheClusterThatItWrites()
    {
        var output = _folder.File("out");

        var published = await RunAsync("--operation", "publish", "--step", "publish", "--output-path", output);

        Assert.True(published.Code == 0, $"a publish was to succeed, and said: {published.Text}");
        Assert.Single(published.Text.Split('\n'), line => line.Contains(Path.Combine(output, "docker-compose.yaml"), StringComparison.Ordinal));
        Assert.Equal(await GeneratedAsync(Path.Combine(output, "cluster.yaml")), await File.ReadAllTextAsync(Path.Combine(output, "docker-compose.yaml"), Token));
        Assert.All(["cluster.schema.json", ".env", ".cluster/secrets.json"], name => Assert.True(File.Exists(Path.Combine(output, name)), $"{name} was to be written, too"));
    }

    [Fact]
    public async Task Publish_OfAClusterFile_WritesTheTextThatTheCommandLineGenerates()
    {
        var (output, file) = (_folder.File("out"), _folder.File("cluster.yaml"));
        await File.WriteAllTextAsync(file, "project: {name: demo, version: '1'}\nservices: {api: {port: 8123}, postgres: {password: \"a;b,c$d@e%f \\\"g' h\"}}\n", Token);

        var published = await RunAsync("--operation", "publish", "--step", "publish", "--output-path", output, "--cluster-file", file);

        Assert.True(published.Code == 0, $"a publish was to succeed, and said: {published.Text}");
        var text = await File.ReadAllTextAsync(Path.Combine(output, "docker-compose.yaml"), Token);
        Assert.Equal(await GeneratedAsync(file), text);
        Assert.Contains("8123:8080", text, StringComparison.Ordinal);
        Assert.DoesNotContain("a;b,c", published.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_OfAClusterFileThatBreaksARule_SaysWhatIsWrongAndWritesNothing()
    {
        var (output, file) = (_folder.File("out"), _folder.File("cluster.yaml"));
        await File.WriteAllTextAsync(file, "project: {name: demo, version: '1'}\nnodes: {head_whitelist: []}\n", Token);

        var refused = await RunAsync("--operation", "publish", "--step", "publish", "--output-path", output, "--cluster-file", file);

        Assert.Equal(1, refused.Code);
        Assert.Contains("nodes.head_whitelist: must name at least one", refused.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(output, "docker-compose.yaml")), "a cluster file that is refused was to give no text");
    }

    [Fact]
    public async Task Manifest_ForAzd_HasEveryProgramWithItsPorts()
    {
        var resources = (await ManifestAsync()).RootElement.GetProperty("resources");

        Assert.Equal(Programs, OfType(resources, "project.v0").Order(StringComparer.Ordinal));
        Assert.Equal(["postgres", "redis"], OfType(resources, "container.v0").Order(StringComparer.Ordinal));
        Assert.All(Programs, program =>
        {
            var path = resources.GetProperty(program).GetProperty("path").GetString()!;
            Assert.False(Path.IsPathRooted(path), $"{program} was to be named by a relative path, not {path}");
            Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(ManifestFile)!, path)), $"{program}: there is no {path} from the manifest");
            Assert.Equal(9464, resources.GetProperty(program).GetProperty("bindings").GetProperty("internal").GetProperty("targetPort").GetInt32());
        });
        Assert.Equal(["api http"], Programs.SelectMany(program => resources.GetProperty(program).GetProperty("bindings").EnumerateObject()
            .Where(binding => binding.Value.TryGetProperty("external", out var external) && external.GetBoolean()).Select(binding => $"{program} {binding.Name}")));
        Assert.Equal(8090, resources.GetProperty("node-1").GetProperty("bindings").GetProperty("roads").GetProperty("targetPort").GetInt32());
    }

    [Fact]
    public async Task Manifest_ForAzd_HasConnectionStringsAndNoSecret()
    {
        var resources = (await ManifestAsync()).RootElement.GetProperty("resources");

        Assert.All(Programs, program => Assert.Equal("{sandbox.connectionString}", resources.GetProperty(program).GetProperty("env").GetProperty("ConnectionStrings__sandbox").GetString()));
        Assert.All(Programs.Except(["health"]), program => Assert.Equal("{redis.connectionString}", resources.GetProperty(program).GetProperty("env").GetProperty("ConnectionStrings__redis").GetString()));
        Assert.Equal("{postgres.connectionString};Database=sandbox", resources.GetProperty("sandbox").GetProperty("connectionString").GetString());
        Assert.Contains("Password='{database-password.value}'", resources.GetProperty("postgres").GetProperty("connectionString").GetString(), StringComparison.Ordinal);
        Assert.Equal("sandbox", resources.GetProperty("postgres").GetProperty("env").GetProperty("POSTGRES_DB").GetString());
        Assert.Equal("{api-key-hash.value}", resources.GetProperty("api").GetProperty("env").GetProperty("Api__KeyHashes__0").GetString());
        Assert.All(["api-key-hash", "cluster-secret", "database-password", "redis-password"], secret =>
        {
            var parameter = resources.GetProperty(secret);
            Assert.Equal(("parameter.v0", $"{{{secret}.inputs.value}}"), (parameter.GetProperty("type").GetString(), parameter.GetProperty("value").GetString()));
            Assert.True(parameter.GetProperty("inputs").GetProperty("value").GetProperty("secret").GetBoolean(), $"{secret} was to be a secret input");
        });
    }

    /// <summary>A password in a URI is encoded where the URI is put together, by whoever reads the manifest.</summary>
    [Theory]
    [InlineData("SANDBOX_URI", "database-password")]
    [InlineData("REDIS_URI", "redis-password")]
    public async Task Manifest_ForAzd_EncodesPasswordsInUris(string variable, string password)
    {
        var resources = (await ManifestAsync()).RootElement.GetProperty("resources");

        var encoded = resources.GetProperty($"{password}-uri-encoded");

        Assert.Contains($":{{{password}-uri-encoded.value}}@", resources.GetProperty("api").GetProperty("env").GetProperty(variable).GetString(), StringComparison.Ordinal);
        Assert.Equal(("uri", $"{{{password}.value}}"), (encoded.GetProperty("filter").GetString(), encoded.GetProperty("value").GetString()));
    }

    [Fact]
    public async Task Manifest_ForAzd_HasNothingOfThisMachine()
    {
        var text = (await ManifestAsync()).RootElement.ToString();

        Assert.DoesNotContain("bindMounts", text, StringComparison.Ordinal);
        Assert.All([Repository, _folder.Path, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Environment.MachineName], own =>
            Assert.False(own.Length > 1 && text.Contains(own, StringComparison.Ordinal), $"the manifest was to be good anywhere, and names {own}"));
        Assert.DoesNotContain("prometheus", text, StringComparison.Ordinal);
    }

    // In the repository, as azd has it: the paths of the projects are relative to it.
    private static string ManifestFile => Path.Combine(Repository, "artifacts", "manifest-tests", "manifest.json");

    private static async Task<JsonDocument> ManifestAsync()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ManifestFile)!);
        var published = await RunAsync("--operation", "publish", "--publisher", "manifest", "--output-path", ManifestFile);
        Assert.True(published.Code == 0, $"the manifest was to be written: {published.Text}");
        return JsonDocument.Parse(await File.ReadAllTextAsync(ManifestFile, Token));
    }

    private static IEnumerable<string> OfType(JsonElement resources, string type) =>
        resources.EnumerateObject().Where(resource => resource.Value.GetProperty("type").GetString() == type).Select(resource => resource.Name);

    /// <summary>What <c>sandbox cluster generate</c> writes for this file.</summary>
    private static async Task<string> GeneratedAsync(string file) => ComposeText.Write(MainCluster.Make(await ClusterPlans.ReadAsync(file, TimeProvider.System, Token)));

    private static async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "..", "..", "AppHost", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "AppHost.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, await output + await error);
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"No Sandbox.Aspire.sln above {AppContext.BaseDirectory}.");
    }
}
