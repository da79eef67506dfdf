using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sandbox.Testing.Clusters;
using Xunit;

namespace Sandbox.Testing;

/// <summary>A registry of a test's own on this machine, which knows one user. Needs the program <c>docker-registry</c>.</summary>
public sealed class TestRegistry : IAsyncDisposable
{
    private const string Program = "/usr/bin/docker-registry";

    // user "u", password "right".
    private const string Users = "u:$2y$05$Z8UTk1MEvGD9WW3B7pbnZeNh6WFfiUcMdAyggW0lUFEkJRapqoQi2";

    private readonly TempFolder _folder = new();
    private Process? _process;

    private TestRegistry()
    {
    }

    /// <summary>Null when this machine can have one.</summary>
    public static string? WhyMissing { get; } = File.Exists(Program) ? null : $"needs a registry: there is no {Program}";

    /// <summary>Host and port, as they stand in names.</summary>
    public string Name { get; } = $"localhost:{ReservedPorts.Next()}";

    public static void Need() => Assert.SkipWhen(WhyMissing is not null, WhyMissing ?? "");

    public static async Task<TestRegistry> StartAsync()
    {
        var registry = new TestRegistry();
        await File.WriteAllTextAsync(registry._folder.File("users"), Users + "\n");
        await File.WriteAllTextAsync(registry._folder.File("registry.yml"), $$"""
            version: 0.1
            storage:
              filesystem:
                rootdirectory: {{registry._folder.File("data")}}
              delete:
                enabled: true
            http:
              addr: 127.0.0.1:{{registry.Name.Split(':')[1]}}
            auth:
              htpasswd:
                realm: test
                path: {{registry._folder.File("users")}}
            """);
        registry._process = Process.Start(new ProcessStartInfo(Program, ["serve", registry._folder.File("registry.yml")])
        { RedirectStandardError = true, RedirectStandardOutput = true })!;
        registry._process.OutputDataReceived += (_, _) => { };
        registry._process.BeginOutputReadLine();
        registry._process.ErrorDataReceived += (_, _) => { };
        registry._process.BeginErrorReadLine();
        await Wait.UntilAsync(() => Task.FromResult(registry.Answers()), () => "the registry listens");
        return registry;
    }

    /// <summary>Whether it has an image; asked with the right password.</summary>
    public async Task<bool> HasAsync(string repository, string tag)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Add("Authorization", $"Basic {Convert.ToBase64String("u:right"u8)}");
        http.DefaultRequestHeaders.Add("Accept", "application/vnd.docker.distribution.manifest.v2+json");
        using var answer = await http.GetAsync(new Uri($"http://{Name}/v2/{repository}/manifests/{tag}"));
        return answer.StatusCode is HttpStatusCode.OK;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        _folder.Dispose();
    }

    private bool Answers()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect("127.0.0.1", int.Parse(Name.Split(':')[1], CultureInfo.InvariantCulture));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
