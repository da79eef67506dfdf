using Sandbox.Testing;

namespace Sandbox.Serving.Tests.Backends;

/// <summary>Echo, running, with a model that is called parrot.</summary>
public sealed class EchoServer : IAsyncLifetime
{
    private readonly ProcessEngineRunner _runner = new();

    public HttpClient Http { get; } = new();

    public async ValueTask InitializeAsync()
    {
        var port = ReservedPorts.Next();
        Http.BaseAddress = new($"http://127.0.0.1:{port}");
        var launch = EchoEngine.Components.Configuration.Build(EchoEngine.Configuration(("port", $"{port}"), ("model", "parrot")));
        await _runner.StartAsync("echo", EchoEngine.Components.Deployment.Create(launch), CancellationToken.None);
        await foreach (var line in _runner.ReadLogsAsync("echo", 100, CancellationToken.None))
        {
            if (line.Contains("Now listening", StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException("Echo has ended before it listened.");
    }

    public async ValueTask DisposeAsync()
    {
        await _runner.DisposeAsync();
        Http.Dispose();
    }
}
