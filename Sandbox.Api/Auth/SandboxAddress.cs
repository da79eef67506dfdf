namespace Sandbox.Api.Auth;

/// <summary>Where in a sandbox a request is served, of those that no route of this server serves. A feature of the request.</summary>
/// <param name="Sandbox">As it was written.</param>
/// <param name="Port">As it was written.</param>
/// <param name="IsHost">The name of the host says it, and no header.</param>
internal sealed record SandboxAddress(string Sandbox, string Port, bool IsHost)
{
    /// <summary>The port that stands for the agent.</summary>
    public const string EnvdPort = "49983";

    public bool IsEnvd => Port == EnvdPort;
}
