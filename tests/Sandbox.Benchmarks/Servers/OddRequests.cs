using System.Net.Sockets;
using System.Text;

namespace Sandbox.Benchmarks.Servers;

/// <summary>Requests that no client makes, and that once took gigabytes of a server.</summary>
internal sealed class OddRequests(Uri address, string sandbox) : IDisposable
{
    private const string Prefix = "/apis/envs/sandbox/v1/";
    private const int MiB = 1024 * 1024;

    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>All of them once.</summary>
    public async Task SendAsync()
    {
        await PostAsync("create_session", $"{{\"sandbox_id\":\"x\",\"startup_source\":[{Repeat("1,", 32 * MiB)}1]}}");
        await PostAsync("create_session", $"{{\"sandbox_id\":\"x\",\"startup_source\":[{Repeat("1,", MiB - 100)}1]}}");
        await PostAsync("create_session", $"{{\"sandbox_id\":\"x\",\"env\":{{{Repeat("\"a\":1,", 300_000)}\"a\":1}}}}");
        await PostAsync("sandboxes/batch", $"{{\"sandbox_ids\":[{Repeat("\"\",", 16 * MiB)}\"\"]}}");
        await PostAsync("sandboxes/batch", $"{{\"sandbox_ids\":[{Repeat("\"\",", 600_000)}\"\"]}}");
        await PostAsync("execute", Repeat("[", MiB));
        await PostAsync("execute", $"{{\"sandbox_id\":\"x\",\"command\":[{Repeat("\"\",", 600_000)}\"\"]}}");
        await PostAsync("write_file", $"{{\"sandbox_id\":\"x\",\"path\":\"/a\",\"content\":\"{Repeat("x", 60 * MiB)}\"}}");
        await PostAsync("write_file", $"{{\"sandbox_id\":\"x\",\"path\":\"/a\",\"content\":\"{Repeat("x", 47 * MiB)}\"}}");
        await PostAsync("start_async", Repeat(" ", 64 * MiB));
        await _http.GetAsync($"{Prefix}sandboxes?page_size=2000");
        await UploadAsync(new MultipartFormDataContent { { new ByteArrayContent(new byte[20 * MiB]), "file", "f" } });
        await UploadAsync(new MultipartFormDataContent { { new ByteArrayContent(new byte[MiB]), "sandbox_id" } });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync("execute", $"{{\"sandbox_id\":\"{sandbox}\",\"command\":\"x\"}}")));
        await PostAsync("read_file", $"{{\"sandbox_id\":\"{sandbox}\",\"path\":\"/x\"}}");
        await StallAsync(50);
    }

    public void Dispose() => _http.Dispose();

    private static string Repeat(string text, int times) => new StringBuilder(text.Length * times).Insert(0, text, times).ToString();

    private async Task PostAsync(string route, string json)
    {
        try
        {
            using var content = new StringContent(json, Encoding.UTF8, "application/json");
            using var answer = await _http.PostAsync(Prefix + route, content);
            await answer.Content.CopyToAsync(Stream.Null);
        }
        catch (HttpRequestException)
        {
            // Refused while it was sent.
        }
    }

    private async Task UploadAsync(MultipartFormDataContent form)
    {
        using (form)
        {
            using var answer = await _http.PostAsync(Prefix + "upload", form);
        }
    }

    /// <summary>Bodies of which only the half is sent.</summary>
    private async Task StallAsync(int count)
    {
        var half = Repeat(" ", MiB);
        var clients = new List<TcpClient>();
        for (var body = 0; body < count; body++)
        {
            var client = new TcpClient();
            clients.Add(client);
            await client.ConnectAsync(address.Host, address.Port);
            var request = $"POST {Prefix}execute HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {2 * MiB}\r\n\r\n{half}";
            _ = client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request)).AsTask();
        }

        // Until the server has taken in what it takes.
        await _http.GetAsync(Prefix + "get_token");
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        clients.ForEach(client => client.Dispose());
    }
}
