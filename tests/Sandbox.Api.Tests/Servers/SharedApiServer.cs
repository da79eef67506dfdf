namespace Sandbox.Api.Tests.Servers;

/// <summary>One server for the tests of a class; they use ids of their own.</summary>
public sealed class SharedApiServer : IAsyncLifetime
{
    internal ApiServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await ApiServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
