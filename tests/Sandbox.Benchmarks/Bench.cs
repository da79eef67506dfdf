using Sandbox.Benchmarks.Engine;
using Sandbox.Benchmarks.Servers;
using Sandbox.Client;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Benchmarks;

/// <summary>What the measurements share: the engine, a server on Docker, and a place for the rows.</summary>
internal sealed class Bench(string root, RawEngine engine, ServerProcess server, Sheet sheet)
{
    public const string Image = "sandbox-test-busybox:latest";

    public string Root => root;

    public RawEngine Engine => engine;

    public ServerProcess Server => server;

    public SandboxClient Client => server.Client;

    public void Add(Row row) => sheet.Add(row);

    /// <summary>The same on another server, which the caller ends.</summary>
    public Bench On(ServerProcess other) => new(root, engine, other, sheet);

    public static StartRequest NewSandbox() => new()
    {
        Image = Image,
        Pull = "never",
        Memory = "256m",
        Cpus = 1,
        AutoDeleteSeconds = 3600,
    };

    public async Task<SandboxId> StartAsync() =>
        SandboxId.Parse((await Client.StartAndWaitAsync(NewSandbox(), null, CancellationToken.None)).SandboxId!);

    public async Task RemoveAllAsync()
    {
        var left = await Client.ListAsync(new Dictionary<string, string>(), page: 1, pageSize: 500, CancellationToken.None);
        await Task.WhenAll(left.Items.Select(item => RemoveAsync(SandboxId.Parse(item.SandboxId!))));
    }

    public async Task RemoveAsync(SandboxId id)
    {
        await Client.StopAsync(id, CancellationToken.None);
        await Client.DeleteAsync(id, CancellationToken.None);
    }

    public async Task ExecuteTrueAsync(SandboxId id)
    {
        var result = await Client.ExecuteAsync(id, True, CancellationToken.None);
        if (result.ExitCode != 0)
        {
            throw new InvalidOperationException($"true ended with {result.ExitCode}: {result.Stderr}");
        }
    }

    private static ExecRequest True { get; } = new() { Command = System.Text.Json.JsonDocument.Parse("""["true"]""").RootElement };
}
