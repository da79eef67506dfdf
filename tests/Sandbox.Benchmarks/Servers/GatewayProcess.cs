using System.Diagnostics;

namespace Sandbox.Benchmarks.Servers;

/// <summary><see cref="GatewayHost"/> in a process of its own, with the runtime settings of the API's program.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _data;

    private GatewayProcess(Process process, DirectoryInfo data, Uri url) => (_process, _data, Url) = (process, data, url);

    public Uri Url { get; }

    public int Pid => _process.Id;

    /// <param name="models">Each as <c>name=address,address</c>.</param>
    public static async Task<GatewayProcess> StartAsync(string root, params string[] models)
    {
        var programs = Path.Combine(root, "artifacts", "bin");
        var data = Directory.CreateTempSubdirectory("sbg");
        var process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                "exec", "--runtimeconfig", Path.Combine(programs, "Sandbox.Api", "release", "Sandbox.Api.runtimeconfig.json"),
                typeof(GatewayProcess).Assembly.Location, GatewayHost.Verb, data.FullName,
                Path.Combine(programs, "Sandbox.Agent", "release", "sandbox-agent.dll"), .. models,
            ])
        {
            RedirectStandardOutput = true,
        })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(GatewayHost.Ready, StringComparison.Ordinal))
            {
                return new GatewayProcess(process, data, new Uri(line[GatewayHost.Ready.Length..]));
            }
        }

        throw new InvalidOperationException("the gateway ended before it listened");
    }

    public async ValueTask DisposeAsync()
    {
        using (var end = Process.Start("kill", [$"{_process.Id}"]))
        {
            await end.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _data.Delete(recursive: true);
    }
}
