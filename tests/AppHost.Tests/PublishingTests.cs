using System.Diagnostics;
using System.Text.Json;
using Sandbox.ClusterFile.Compose;
using Sandbox.Testing;

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
        var compose = Path.Combine(output, "docker-compose.yaml");
        Assert.Single(published.Text.Split('\n'), line => line.Contains(compose, StringComparison.Ordinal));
        Assert.Equal(await GeneratedAsync(Path.Combine(output, "cluster.yaml")), await File.ReadAllTextAsync(compose, Token));
        Assert.All(["cluster.schema.json", ".env", ".cluster/secrets.json"], name =>
            Assert.True(File.Exists(Path.Combine(output, name)), $"{name} was to be written, too"));
    }

    [Fact]
    public async Task Publish_OfAClusterFile_WritesTheTextThatTheCommandLineGenerates()
    {
        var (output, file) = (_folder.File("out"), _folder.File("cluster.yaml"));
        const string Services = "services: {api: {port: 8123}, postgres: {password: \"a;b,c$d@e%f \\\"g' h\"}}\n";
        await File.WriteAllTextAsync(file, "project: {name: demo, version: '1'}\n" + Services, Token);

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
            var found = Path.Combine(Path.GetDirectoryName(ManifestFile)!, path);
            Assert.True(File.Exists(found), $"{program}: there is no {path} from the manifest");
            Assert.Equal(9464, At(resources, program, "bindings", "internal", "targetPort").GetInt32());
            Assert.False(
                At(resources, program, "env").TryGetProperty("ASPNETCORE_FORWARDEDHEADERS_ENABLED", out _),
                $"{program} was to believe no client's word for its address");
        });
        Assert.Equal(["api http"], Programs.SelectMany(program => At(resources, program, "bindings").EnumerateObject()
            .Where(binding => binding.Value.TryGetProperty("external", out var external) && external.GetBoolean())
            .Select(binding => $"{program} {binding.Name}")));
        Assert.Equal(8090, At(resources, "node-1", "bindings", "roads", "targetPort").GetInt32());
    }

    [Fact]
    public async Task Manifest_ForAzd_HasConnectionStringsAndNoSecret()
    {
        var resources = (await ManifestAsync()).RootElement.GetProperty("resources");

        Assert.All(Programs, program =>
            Assert.Equal("{sandbox.connectionString}", At(resources, program, "env", "ConnectionStrings__sandbox").GetString()));
        Assert.All(Programs.Except(["health"]), program =>
            Assert.Equal("{redis.connectionString}", At(resources, program, "env", "ConnectionStrings__redis").GetString()));
        Assert.Equal("{postgres.connectionString};Database=sandbox", At(resources, "sandbox", "connectionString").GetString());
        var postgres = At(resources, "postgres", "connectionString").GetString();
        Assert.Contains("Password='{database-password.value}'", postgres, StringComparison.Ordinal);
        Assert.Equal("sandbox", At(resources, "postgres", "env", "POSTGRES_DB").GetString());
        Assert.Equal("{api-key-hash.value}", At(resources, "api", "env", "Api__KeyHashes__0").GetString());
        Assert.All(["api-key-hash", "cluster-secret", "database-password", "redis-password"], secret =>
        {
            Assert.Equal("parameter.v0", At(resources, secret, "type").GetString());
            Assert.Equal($"{{{secret}.inputs.value}}", At(resources, secret, "value").GetString());
            Assert.True(At(resources, secret, "inputs", "value", "secret").GetBoolean(), $"{secret} was to be a secret input");
        });
    }

    /// <summary>A password in a URI is encoded where the URI is put together, by the reader of the manifest.</summary>
    [Theory]
    [InlineData("SANDBOX_URI", "database-password")]
    [InlineData("REDIS_URI", "redis-password")]
    public async Task Manifest_ForAzd_EncodesPasswordsInUris(string variable, string password)
    {
        var resources = (await ManifestAsync()).RootElement.GetProperty("resources");

        var encoded = $"{password}-uri-encoded";

        Assert.Contains($":{{{encoded}.value}}@", At(resources, "api", "env", variable).GetString(), StringComparison.Ordinal);
        Assert.Equal("uri", At(resources, encoded, "filter").GetString());
        Assert.Equal($"{{{password}.value}}", At(resources, encoded, "value").GetString());
    }

    [Fact]
    public async Task Manifest_ForAzd_HasNothingOfThisMachine()
    {
        var text = (await ManifestAsync()).RootElement.ToString();

        Assert.DoesNotContain("bindMounts", text, StringComparison.Ordinal);
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] own = [Repository, _folder.Path, home, Environment.MachineName];
        Assert.All(own.Where(name => name.Length > 1), name =>
            Assert.False(text.Contains(name, StringComparison.Ordinal), $"the manifest was to be good anywhere, and names {name}"));
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

    private static JsonElement At(JsonElement element, params string[] path) =>
        path.Aggregate(element, (inner, name) => inner.GetProperty(name));

    private static IEnumerable<string> OfType(JsonElement resources, string type) =>
        resources.EnumerateObject().Where(resource => At(resource.Value, "type").GetString() == type).Select(resource => resource.Name);

    /// <summary>What <c>sandbox cluster generate</c> writes for this file.</summary>
    private static async Task<string> GeneratedAsync(string file) =>
        ComposeText.Write(MainCluster.Make(await ClusterPlans.ReadAsync(file, TimeProvider.System, Token)));

    private static async Task<(int Code, string Text)> RunAsync(params string[] arguments)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Path.Combine(AppContext.BaseDirectory, "..", "..", "AppHost", configuration, "AppHost.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
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
