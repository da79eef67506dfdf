using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sandbox.Testing;

/// <summary>The machine's Docker engine, spoken to with plain requests on its socket: past the code under test.</summary>
public static class DockerEngine
{
    public const string Socket = "/var/run/docker.sock";

    private static readonly Lazy<string?> Missing = new(Probe);

    /// <summary>Null when an engine answers; asked once per test process.</summary>
    public static string? WhyMissing => Missing.Value;

    public static HttpClient Connect(string socket = Socket) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://docker/"), Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The answer to a GET as JSON; null when there is no such thing.</summary>
    public static async Task<JsonNode?> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var http = Connect();
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
        if (answer.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            return null;
        }

        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
    }

    /// <summary>Posts JSON; the answer's body as text. Fails on anything but a success.</summary>
    public static async Task<string> PostAsync(string path, object? body, CancellationToken cancellationToken)
    {
        using var http = Connect();
        using var content = JsonContent.Create(body ?? new object());
        // The engine takes no body in chunks without a length here and there.
        await content.LoadIntoBufferAsync(cancellationToken);
        using var answer = await http.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.IsSuccessStatusCode ? text : throw new HttpRequestException($"POST {path}: {(int)answer.StatusCode} {text}");
    }

    /// <summary>Removes a container, or with a path of its own anything else; what is gone is removed.</summary>
    public static async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var http = Connect();
        using var answer = await http.DeleteAsync(new Uri(path, UriKind.Relative), cancellationToken);
    }

    public static Task RemoveContainerAsync(string name, CancellationToken cancellationToken) =>
        DeleteAsync($"containers/{name}?force=1&v=1", cancellationToken);

    public static Task<JsonNode?> InspectAsync(string container, CancellationToken cancellationToken) =>
        GetAsync($"containers/{container}/json", cancellationToken);

    /// <summary>Runs a shell line in a container as its root and gives back what it printed and its exit code.</summary>
    public static async Task<(int ExitCode, string Output)> ExecAsync(string container, string line, CancellationToken cancellationToken)
    {
        var exec = new { AttachStdout = true, AttachStderr = true, Tty = true, Cmd = new[] { "/bin/sh", "-c", line } };
        using var made = JsonDocument.Parse(await PostAsync($"containers/{container}/exec", exec, cancellationToken));
        var id = made.RootElement.GetProperty("Id").GetString();
        var output = await PostAsync($"exec/{id}/start", new { Detach = false, Tty = true }, cancellationToken);
        var ended = await GetAsync($"exec/{id}/json", cancellationToken);
        return ((int)ended!["ExitCode"]!, output.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd());
    }

    private static string? Probe()
    {
        try
        {
            using var http = Connect();
            http.Timeout = TimeSpan.FromSeconds(10);
            using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, "_ping"));
            return answer.IsSuccessStatusCode ? null : $"needs Docker: the engine on {Socket} answered {(int)answer.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or TaskCanceledException)
        {
            return $"needs Docker: no engine answers on {Socket}";
        }
    }
}
