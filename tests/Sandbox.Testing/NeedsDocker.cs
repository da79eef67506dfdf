using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Xunit;

namespace Sandbox.Testing;

/// <summary>The one marker for a test that needs a Docker engine: skipped, visibly and with the reason, without one.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsDockerFactAttribute : FactAttribute
{
    public NeedsDockerFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = DockerEngine.WhyMissing;
}

/// <inheritdoc cref="NeedsDockerFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsDockerTheoryAttribute : TheoryAttribute
{
    public NeedsDockerTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = DockerEngine.WhyMissing;
}

/// <summary>The machine's Docker engine, asked once per test process with a plain request on its socket.</summary>
public static class DockerEngine
{
    public const string Socket = "/var/run/docker.sock";

    private static readonly Lazy<string?> Missing = new(Probe);

    /// <summary>Null when an engine answers.</summary>
    public static string? WhyMissing => Missing.Value;

    private static string? Probe()
    {
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellationToken) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            })
            { Timeout = TimeSpan.FromSeconds(10) };
            using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, "http://docker/_ping"));
            return answer.IsSuccessStatusCode ? null : $"needs Docker: the engine on {Socket} answered {(int)answer.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or TaskCanceledException)
        {
            return $"needs Docker: no engine answers on {Socket}";
        }
    }
}
