using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Sandbox.Client;
using Sandbox.Deployments;
using Sandbox.Node;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Servers;

/// <summary>The whole of one machine in this process: API, stores, operator, worker, and real agents as Local sandboxes.</summary>
public sealed class RealServer : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private WebApplication _app = null!;

    public HttpClient Http { get; private set; } = null!;

    public SandboxClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = _folder.Path,
            ["Worker:ClusterId"] = "api-tests",
            ["Worker:NodeName"] = "node-1",
            ["Worker:Deployment"] = "local",
            ["Worker:AllowUnisolated"] = "true",
            // What a test looks at after a stop is done, also on a machine that takes long for it.
            ["Operator:StopWait"] = "00:02:00",
            ["Worker:ManagedAgent"] = Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"),
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddStandaloneStorage(_folder.File("sandbox.db")).AddStandaloneNode().AddDeployments().AddApi();
        _app = builder.Build();
        _app.MapApi();
        await _app.StartAsync();
        var address = new Uri(_app.Urls.Single());
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(120) };
        Client = new SandboxClient(address, null);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
