using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Auth;

/// <summary>A page at another port of this machine, in a real browser, tries to drive a server that asks for no key.</summary>
public sealed class BrowserTests
{
    /// <summary>What a page may send without that the browser asks the server first.</summary>
    private const string Page = """
        <!doctype html><title>an app that was built in a sandbox</title><body><script type="module">
        const post = async (path, body) => {
          try { await fetch('{server}' + path, { method: 'POST', mode: 'no-cors', body: new Blob([body]) }); } catch (error) { }
        };
        await post('{rock}/start_async', '{"image":"busybox","sandbox_id":"planted"}');
        await post('/api/v1/tenants', '{"name":"planted"}');
        await post('/api/v1/keys', '{"admin":true}');
        </script>
        """;

    [NeedsChromiumFact]
    public async Task Page_OfAnotherPort_SendsAndChangesNothing()
    {
        await using var server = await ApiServer.StartAsync();
        await using var other = await ServeAsync(Page
            .Replace("{server}", server.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace("{rock}", ApiServer.Rock, StringComparison.Ordinal));

        await BrowseAsync(other.Urls.Single());

        // The browser did send them, so that it is the server that refused.
        foreach (var sent in (string[])[$"{ApiServer.Rock}/start_async", "/api/v1/tenants", "/api/v1/keys"])
        {
            await server.Logs.UntilAsync($"5001 POST {sent} answered 403 in ");
        }

        Assert.Null(await server.Store.FindAsync(SandboxId.Parse("planted"), TestContext.Current.CancellationToken));
        Assert.Null(await server.Tenants.FindAsync("planted", TestContext.Current.CancellationToken));
        Assert.False(await server.Tenants.HasKeysAsync(TestContext.Current.CancellationToken), "no key was to be made");
    }

    private static async Task<WebApplication> ServeAsync(string page)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.MapGet("/", () => Results.Content(page, "text/html"));
        await app.StartAsync();
        return app;
    }

    /// <summary>Opens the page and waits until its script has ended.</summary>
    private static async Task BrowseAsync(string url)
    {
        using var profile = new TempFolder();
        var start = new ProcessStartInfo(
            NeedsChromiumFactAttribute.Browser,
            ["--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={profile.Path}", "--virtual-time-budget=60000",
                "--dump-dom", url])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var browser = Process.Start(start)!;
        _ = browser.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await browser.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await browser.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
