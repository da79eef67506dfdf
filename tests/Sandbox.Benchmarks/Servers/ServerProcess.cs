using System.Diagnostics;
using Sandbox.Client;

namespace Sandbox.Benchmarks.Servers;

/// <summary><c>./sandbox serve</c> as a person starts it, on a data folder of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string Ready = "listening on ";

    private readonly Process _process;
    private readonly DirectoryInfo _data;

    private ServerProcess(Process process, DirectoryInfo data, Uri url)
    {
        (_process, _data, Url) = (process, data, url);
        Client = new SandboxClient(url, null);
    }

    public Uri Url { get; }

    public SandboxClient Client { get; }

    public int Pid => _process.Id;

    public static async Task<ServerProcess> StartAsync(string root, string deployment, params (string Name, string Value)[] environment)
    {
        var data = Directory.CreateTempSubdirectory("sbb");
        var start = new ProcessStartInfo(
            Path.Combine(root, "sandbox"), ["serve", "--port", "0", "--data", data.FullName, "--deployment", deployment])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        start.Environment["SANDBOX_LOG"] = "Warning";
        start.Environment.Remove("SANDBOX_URL");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Ready, StringComparison.Ordinal))
            {
                return new ServerProcess(process, data, new Uri(line[Ready.Length..].Split(' ')[0]));
            }
        }

        throw new InvalidOperationException("the server ended before it listened");
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        using (var kill = Process.Start("kill", [$"{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _data.Delete(recursive: true);
    }
}
