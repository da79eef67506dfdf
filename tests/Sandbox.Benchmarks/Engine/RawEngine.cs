using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sandbox.Benchmarks.Engine;

/// <summary>The Docker Engine API by plain HTTP on its socket: what everything of ours is compared with.</summary>
internal sealed class RawEngine : IDisposable
{
    private const string Socket = "/var/run/docker.sock";

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://docker/"), Timeout = TimeSpan.FromMinutes(2) };

    /// <summary>The one container that runs a sandbox.</summary>
    public async Task<string> ContainerOfAsync(string sandboxId)
    {
        var filters = Uri.EscapeDataString($$"""{"label":["sandbox.aspire/sandbox={{sandboxId}}"]}""");
        var found = (await GetAsync($"containers/json?filters={filters}")).AsArray();
        return found.Count == 1
            ? found[0]!["Id"]!.GetValue<string>()
            : throw new InvalidOperationException($"{found.Count} containers run sandbox {sandboxId}");
    }

    public async Task<JsonNode> InspectAsync(string container) => await GetAsync($"containers/{container}/json");

    /// <summary>Process ids on this machine of what runs in a container, with their commands.</summary>
    public async Task<IReadOnlyList<(int Pid, string Command)>> ProcessesAsync(string container)
    {
        var rows = (await GetAsync($"containers/{container}/top?ps_args=-eo+pid,args"))["Processes"]!.AsArray();
        return [.. rows.Select(row => (int.Parse(row![0]!.GetValue<string>(), null), row[1]!.GetValue<string>()))];
    }

    /// <summary>The body that makes a container just like an inspected one.</summary>
    public static JsonObject SameAs(JsonNode inspected)
    {
        var body = inspected["Config"]!.DeepClone().AsObject();
        body.Remove("Labels");
        body.Remove("Hostname");
        body["HostConfig"] = inspected["HostConfig"]!.DeepClone();
        return body;
    }

    public async Task<string> CreateAndStartAsync(JsonObject body)
    {
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var created = await _http.PostAsync(new Uri("containers/create", UriKind.Relative), content);
        var text = await created.Content.ReadAsStringAsync();
        created.EnsureSuccessStatusCode();
        var id = JsonNode.Parse(text)!["Id"]!.GetValue<string>();
        using var started = await _http.PostAsync(new Uri($"containers/{id}/start", UriKind.Relative), null);
        started.EnsureSuccessStatusCode();
        return id;
    }

    public async Task ExecAsync(string container, string command)
    {
        var wanted = $$"""{"AttachStdout":true,"AttachStderr":true,"Cmd":["{{command}}"]}""";
        using var content = new StringContent(wanted, Encoding.UTF8, "application/json");
        using var created = await _http.PostAsync(new Uri($"containers/{container}/exec", UriKind.Relative), content);
        created.EnsureSuccessStatusCode();
        var id = JsonNode.Parse(await created.Content.ReadAsStringAsync())!["Id"]!.GetValue<string>();
        using var start = new StringContent("""{"Detach":false,"Tty":false}""", Encoding.UTF8, "application/json");
        using var output = await _http.PostAsync(new Uri($"exec/{id}/start", UriKind.Relative), start);
        await output.Content.ReadAsByteArrayAsync();
    }

    public async Task RemoveAsync(string container)
    {
        using var removed = await _http.DeleteAsync(new Uri($"containers/{container}?force=true&v=true", UriKind.Relative));
        removed.EnsureSuccessStatusCode();
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonNode> GetAsync(string path)
    {
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative));
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync()) ?? throw new JsonException($"{path} answered null");
    }
}
