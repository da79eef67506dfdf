using System.Diagnostics;
using System.Text.Json;
using Sandbox.ClusterFile.Compose;
using Sandbox.ClusterFile.Reading;
using Sandbox.Testing;

namespace Sandbox.ClusterFile.Tests;

/// <summary>What <c>aspire publish</c> writes: the compose text, and the cluster file that it was made from.</summary>
public sealed class PublishedClusterTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string PasswordVariable = "SANDBOX_CLUSTER__services__postgres__password";

    private readonly TempFolder _folder = new();

    private string Output => _folder.File("out");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Folder_WithoutAClusterFile_GetsTheExampleAndItsText()
    {
        var compose = await PublishAsync(null);

        Assert.Equal(Path.Combine(Output, "docker-compose.yaml"), compose);
        Assert.Equal(ClusterExample.Read(), await File.ReadAllTextAsync(Path.Combine(Output, "cluster.yaml"), Token));
        Assert.Equal(ClusterSchema.Write(), await File.ReadAllTextAsync(Path.Combine(Output, "cluster.schema.json"), Token));
        Assert.Equal(await GeneratedAsync(Path.Combine(Output, "cluster.yaml")), await File.ReadAllTextAsync(compose, Token));
        Assert.All(
            [compose, Path.Combine(Output, ".env"), Path.Combine(Output, ".cluster", "secrets.json")],
            file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task Folder_ThatWasPublishedBefore_KeepsItsSecretsAndItsClusterFile()
    {
        var first = await File.ReadAllTextAsync(await PublishAsync(null), Token);
        var secrets = Secrets();
        await File.AppendAllTextAsync(Path.Combine(Output, "cluster.yaml"), "volumes: { node_data: /srv/nodes }\n", Token);

        var second = await File.ReadAllTextAsync(await PublishAsync(null), Token);

        Assert.NotEqual(first, second);
        Assert.Contains("/srv/nodes/node-cpu", second, StringComparison.Ordinal);
        Assert.Equal(secrets, Secrets());
    }

    [Fact]
    public async Task ClusterFile_ThatIsNamed_GivesTheSameTextFromItselfAndFromItsCopy()
    {
        var file = GivenClusterFile();

        var text = await File.ReadAllTextAsync(await PublishAsync(file), Token);

        Assert.Equal(await GeneratedAsync(file), text);
        Assert.Equal(text, await GeneratedAsync(Path.Combine(Output, "cluster.yaml")));
        var env = await File.ReadAllTextAsync(Path.Combine(Output, ".env"), Token);
        Assert.Equal([new(PasswordVariable, Given.StrangePassword)], DotEnv.Parse(env, ".env", []));
    }

    [Fact]
    public async Task ClusterFile_ThatBreaksARule_IsRefusedAndNothingIsWritten()
    {
        var file = GivenClusterFile("nodes: { head_whitelist: [] }\n");

        var refused = await Assert.ThrowsAsync<ClusterFileException>(() => PublishAsync(file));

        Assert.Contains("nodes.head_whitelist: ", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Output), "a cluster file that is refused was to leave nothing behind");
    }

    [Fact]
    public async Task Text_ReadByComposeItself_IsGoodAndShowsNoPassword()
    {
        Assert.SkipUnless(HasCompose(), "There is no docker compose 2 on this machine.");
        var compose = await PublishAsync(GivenClusterFile());

        using var process = StartDocker("compose", "--file", compose, "config", "--format", "json");
        var (output, error) = (await process.StandardOutput.ReadToEndAsync(Token), await process.StandardError.ReadToEndAsync(Token));
        await process.WaitForExitAsync(Token);

        Assert.True(process.ExitCode == 0, $"compose was to read the text and the .env beside it: {error}");
        var services = JsonDocument.Parse(output).RootElement.GetProperty("services");
        Assert.Equal("ALL", services.GetProperty("postgres").GetProperty("cap_drop")[0].GetString());
        Assert.DoesNotContain(Given.StrangePassword[..12], output, StringComparison.Ordinal);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Process StartDocker(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("docker", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<string> GeneratedAsync(string file) =>
        ComposeText.Write(MainCluster.Make(await ClusterPlans.ReadAsync(file, TimeProvider.System, Token)));

    private (string, string) Secrets() => (
        File.ReadAllText(Path.Combine(Output, ".env")), File.ReadAllText(Path.Combine(Output, ".cluster", "secrets.json")));

    private static bool HasCompose()
    {
        try
        {
            using var version = StartDocker("compose", "version");
            version.WaitForExit();
            return version.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private Task<string> PublishAsync(string? file) => PublishedCluster.WriteAsync(file, Output, TimeProvider.System, Token);

    private string GivenClusterFile(string more = "")
    {
        var folder = _folder.File("in");
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "my-cluster.yaml");
        File.WriteAllText(file, "project: { name: demo, version: '1' }\nhost: { has_gpu: false }\n" + more);
        File.WriteAllText(Path.Combine(folder, ".env"), DotEnv.Write([new(PasswordVariable, Given.StrangePassword), new("OTHER", "1")]));
        return file;
    }
}
