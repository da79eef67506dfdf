using System.Diagnostics;
using Sandbox.Serving.Routing;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Gateway;

/// <summary>The engine that repeats what it is told, as a process that can be killed.</summary>
internal sealed class EchoProcess : IDisposable
{
    private static readonly string Program = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Sandbox.Serving.Echo",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "Sandbox.Serving.Echo.dll"));

    private readonly Process _process;

    private EchoProcess(Process process, Replica replica) => (_process, Replica) = (process, replica);

    public Replica Replica { get; }

    public static async Task<EchoProcess> StartAsync(string id, string model, int? port = null)
    {
        var listen = port ?? ReservedPorts.Next();
        var process = Process.Start(
            new ProcessStartInfo("dotnet", [Program, "--host", "127.0.0.1", "--port", $"{listen}", "--model", model])
            {
                RedirectStandardOutput = true,
            })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.Contains("Now listening", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return new EchoProcess(process, new Replica(id, new Uri($"http://127.0.0.1:{listen}")));
            }
        }

        throw new InvalidOperationException($"Echo ended before it listened on port {listen}.");
    }

    /// <summary>By SIGKILL.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }
}
