using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace AppHost.Tests;

/// <summary>
/// Aspire's dashboard as a person uses it, in a browser. What was seen is kept as pictures in <c>artifacts/dashboard</c>.
/// </summary>
[Collection(nameof(StackCollection))]
public sealed partial class DashboardTests
{
    private const float Patience = 120_000; // milliseconds; a page of a busy machine comes late

    private static readonly string[] Nodes = ["node-1", "node-2", "node-3", "node-4"];

    [NeedsBrowserFact]
    public async Task Dashboard_OfARunningStack_ActsOnItAndShowsOneTraceAcrossItsProcesses()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await DockerTestImage.EnsureAsync();
        await using var containers = new DockerCluster();
        using var folder = new TempFolder();
        var program = new AppHostProgram(folder, containers.ClusterId);
        program.Settings["scratch"] = folder.File("s");
        await using var stack = new StartedStack(folder, program);
        await stack.StartAsync();
        using var api = await stack.CallerAsync();
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(
            new() { ExecutablePath = NeedsBrowserFactAttribute.Browser, Args = ["--no-sandbox"] });
        var page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1600, Height = 900 } });
        page.SetDefaultTimeout(Patience);

        var dashboard = await stack.DashboardAsync();
        await page.GotoAsync(dashboard.AbsoluteUri);
        foreach (var node in Nodes)
        {
            await RowOf(page, node).GetByText("Running").WaitForAsync();
        }

        await RowOf(page, "node-3").GetByRole(AriaRole.Button, new() { Name = "Actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Drain worker" }).ClickAsync();
        await Wait.UntilAsync(
            async () => (await api.Http.GetStringAsync("/api/v1/nodes", cancellationToken))
                .Contains("\"draining\":true", StringComparison.Ordinal),
            () => "the command of the dashboard drains node-3");

        await RowOf(page, "api").First.GetByTitle("Starts a sandbox").ClickAsync();
        var demo = "";
        await Wait.UntilAsync(
            async () => (demo = DemoId().Match((await api.GetAsync("sandboxes")).ToString()).Value) is not "",
            () => "the command of the dashboard makes a sandbox");
        await api.UntilAliveAsync(demo);
        await TakeAsync(page, "dashboard-resources");

        var trace = await TracedAsync(api, cancellationToken);
        await page.SetViewportSizeAsync(1600, 2000); // rows that are not in view are not in the page
        var missing = "";
        await Wait.UntilAsync(
            async () =>
            {
                // Opened before a process has sent its spans, the page says "not found" and stays so.
                await page.GotoAsync(new Uri(dashboard, $"/traces/detail/{trace}").AbsoluteUri);
                missing = await MissingSpanAsync(page);
                return missing.Length == 0;
            },
            () => $"the trace shows what each process did in it, but: {missing}");
        await TakeAsync(page, "dashboard-trace");
    }

    /// <summary>Empty once all spans are in the page that is open, else the one that is not, and the page's text.</summary>
    private static async Task<string> MissingSpanAsync(IPage page)
    {
        foreach (var span in new[] { "start_async", "job StartSandbox", "docker start", "agent POST /agent/init" })
        {
            try
            {
                await page.GetByText(span).First.WaitForAsync(new() { Timeout = 10_000 });
            }
            catch (TimeoutException)
            {
                return $"{span} is missing in {await page.Locator("body").InnerTextAsync()}";
            }
        }

        return "";
    }

    private static ILocator RowOf(IPage page, string resource) =>
        page.Locator("tr.resource-row")
            .Filter(new() { Has = page.Locator(".resource-name-text", new() { HasTextRegex = new Regex($"^{resource}") }) });

    /// <summary>A start that begins a trace of its own, as a traced client's does, once it runs; the trace's id.</summary>
    private static async Task<string> TracedAsync(RockCaller api, CancellationToken cancellationToken)
    {
        var (id, trace) = ($"traced-{Guid.NewGuid():N}", ActivityTraceId.CreateRandom().ToHexString());
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{RockCaller.Prefix}start_async")
        {
            Content = JsonContent.Create(RockCaller.BodyOfStart(id)),
        };
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom().ToHexString()}-01");
        using var answer = await api.Http.SendAsync(request, cancellationToken);
        await api.UntilAliveAsync(id);
        return trace;
    }

    private static Task<byte[]> TakeAsync(IPage page, string name) =>
        page.ScreenshotAsync(new()
        {
            Path = Path.Combine(Path.GetDirectoryName(AppHostProgram.Assembly)!, "../../../dashboard", $"{name}.png"),
        });

    [GeneratedRegex("demo-[0-9a-f]{8}")]
    private static partial Regex DemoId();
}
