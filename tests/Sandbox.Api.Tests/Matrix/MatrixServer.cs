using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Matrix;

/// <summary>One server with tenants and every kind of caller; each cell has ids of its own.</summary>
public sealed class MatrixServer : IAsyncLifetime
{
    internal ApiServer Server { get; private set; } = null!;

    internal Callers Callers { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ApiServer.StartAsync();
        Callers = await Callers.MeetAsync(Server);
        Server.Agent.Answer("/rock/execute", """{"stdout":"","stderr":"","exit_code":0}""");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
