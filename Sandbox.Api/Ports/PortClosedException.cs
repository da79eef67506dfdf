namespace Sandbox.Api.Ports;

/// <summary>Nothing answers at a port inside a sandbox.</summary>
internal sealed class PortClosedException(int port) : HttpRequestException($"nothing listens on port {port} in the sandbox");
