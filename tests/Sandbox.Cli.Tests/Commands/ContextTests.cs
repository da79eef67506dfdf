using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Sandbox.Client.Contexts;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>Which server a command talks to, and with which key.</summary>
public sealed partial class ContextTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    /// <summary>Making a key does not lock the owner of the data folder out of the port.</summary>
    [Fact]
    public async Task Key_OfAServedDataFolder_IsFoundForItsAddressAndForNoOther()
    {
        using var serve = await _cli.ServeAsync();
        var url = UrlOf(serve);
        (await _cli.RunAsync("key", "create", "--tenant", "default")).Expect(0);

        (await AtAsync(url, "node", "ls")).Expect(0);

        var file = Path.Combine(_cli.DataFolder, "server.json");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var other = new Uri(new UriBuilder(url) { Host = "localhost" }.Uri.ToString());
        Assert.Contains("key", (await AtAsync(other.ToString(), "node", "ls")).Expect(1).Error, StringComparison.Ordinal);
        serve.Signal("TERM");
        (await serve.EndAsync()).Expect(0);
        Assert.False(File.Exists(file), "the key is good for one life of the server, and goes with it");
    }

    [Fact]
    public async Task Context_ThatIsUsed_IsTalkedToUntilAnotherIs()
    {
        using var serve = await _cli.ServeAsync("SANDBOX_LOG=Warning");
        var key = (await _cli.RunAsync("key", "create", "--admin")).Expect(0).Output.Trim();
        _cli.Contexts.Put("stack", new ServerContext(new Uri(UrlOf(serve)), key));
        var listed = (await _cli.RunAsync("context", "ls")).Expect(0).Output;
        Assert.Equal($"standalone\tyes\t{_cli.DataFolder}\nstack\tno\t{UrlOf(serve)}/\n", listed);

        Assert.Equal("commands talk to stack from now on\n", (await _cli.RunAsync("context", "use", "stack")).Expect(0).Output);

        Assert.Contains("\"current\":true", (await _cli.RunAsync("context", "ls", "--json")).Expect(0).Output, StringComparison.Ordinal);
        // A data folder that is named is meant, whatever the current context is.
        (await WithAsync(["SANDBOX_DATA="], "node", "ls")).Expect(0);
        (await WithAsync(["SANDBOX_CONTEXT=stack"], "node", "ls")).Expect(0);
        const string None = "there is no context nope";
        Assert.Contains(None, (await WithAsync(["SANDBOX_CONTEXT=nope"], "node", "ls")).Expect(1).Error, StringComparison.Ordinal);
        Assert.Contains(None, (await _cli.RunAsync("context", "use", "nope")).Expect(1).Error, StringComparison.Ordinal);
        (await _cli.RunAsync("context", "use", "standalone")).Expect(0);
        Assert.Null(_cli.Contexts.Read().Current);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_cli.Contexts.Location));
    }

    [Fact]
    public async Task Contexts_ThatOthersCanRead_AreRefused()
    {
        _cli.Contexts.Put("stack", new ServerContext(new Uri("http://127.0.0.1:1"), "a-key"));
        File.SetUnixFileMode(_cli.Contexts.Location, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var refused = (await _cli.RunAsync("context", "ls")).Expect(1);

        Assert.Contains("chmod 600", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("a-key", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:1", "a-key", true)]
    [InlineData("https://0.0.0.0:1", "a-key", false)]
    [InlineData("http://127.0.0.1:1", "a-key", false)]
    [InlineData("http://0.0.0.0:1", "", false)]
    public async Task Key_ThatGoesOutWithoutTls_IsWarnedOf(string url, string key, bool warned)
    {
        var listed = await WithAsync([$"SANDBOX_URL={url}", $"SANDBOX_API_KEY={key}"], "node", "ls");

        listed.Expect(1);
        Assert.Equal(warned, listed.Error.Contains("the API key goes to http://0.0.0.0:1/ without TLS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Serve_WithACertificate_SpeaksTls()
    {
        using var key = ECDsa.Create();
        var asked = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = asked.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(_cli.File("cert.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(_cli.File("key.pem"), key.ExportPkcs8PrivateKeyPem());
        using var serve = _cli.Start("serve", "--port", "0", "--tls-cert", _cli.File("cert.pem"), "--tls-key", _cli.File("key.pem"));
        await serve.SeeAsync("listening on https://127.0.0.1:");
        using var http = new HttpClient(new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = (_, shown, _, _) => shown?.Thumbprint == certificate.Thumbprint,
        });

        using var answer = await http.GetAsync(new Uri(UrlOf(serve)), TestContext.Current.CancellationToken);

        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Serve_WithACertificateThatIsNone_IsRefused()
    {
        await File.WriteAllTextAsync(_cli.File("cert.pem"), "nothing");

        (await _cli.RunAsync("serve", "--port", "0", "--tls-cert", _cli.File("cert.pem"))).Expect(1);
    }

    private static string UrlOf(RunningCli serve) => Address().Match(serve.Printed).Groups[1].Value;

    private Task<CliResult> AtAsync(string url, params string[] arguments) => WithAsync([$"SANDBOX_URL={url}"], arguments);

    private async Task<CliResult> WithAsync(string[] variables, params string[] arguments)
    {
        using var running = _cli.StartOther(["env", .. variables, .. CliProgram.CommandLine(arguments)]);
        running.CloseInput();
        return await running.EndAsync();
    }

    [GeneratedRegex(@"listening on (\S+)")]
    private static partial Regex Address();
}
