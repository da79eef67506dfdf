using System.Text.Json;
using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;
using Sandbox.Client;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Testing;

namespace Sandbox.Chaos.Clients;

/// <summary>Every kind of operation as one recorded call over HTTP. Each goes to whichever API comes next.</summary>
/// <param name="patience">Null: a paused server keeps a client for 20 s at most.</param>
public sealed class MarkedCalls(
    string client, IReadOnlyList<SandboxClient> apis, Recorder recorder, TimeProvider time, TimeSpan? patience = null)
{
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromSeconds(20);

    private int _next;

    public Task<Operation> CreateAsync(string sandbox) => RunAsync(sandbox, OperationKind.Create, async (api, _, token) =>
    {
        var request = new StartRequest
        {
            SandboxId = sandbox,
            Image = DockerTestImage.Name,
            Pull = "never",
            Memory = "64m",
            Cpus = 0.25,
            Disk = null,
            Network = "none",
            StartupTimeout = 60,
            AutoDeleteSeconds = 3600,
        };
        return ((await api.StartAsync(request, token)).SandboxId ?? "", null);
    });

    public Task<Operation> StatusAsync(string sandbox) => RunAsync(sandbox, OperationKind.Status, async (api, _, token) =>
        ((await api.StatusAsync(SandboxId.Parse(sandbox), allStates: true, token)).State ?? "", null));

    public Task<Operation> ExecuteAsync(string sandbox) => RunAsync(sandbox, OperationKind.Execute, async (api, number, token) =>
    {
        var request =
            new ExecRequest { Command = JsonSerializer.SerializeToElement(Script(number)), Shell = true, Timeout = _patience.TotalSeconds };
        var result = await api.ExecuteAsync(SandboxId.Parse(sandbox), request, token);
        return result.ExitCode == 0
            ? ("", EngineReader.Lines(result.Stdout)) : throw new IOException($"exit code {result.ExitCode}: {result.Stderr}");
    });

    public Task<Operation> SessionAsync(string sandbox) => RunAsync(sandbox, OperationKind.Session, async (api, number, token) =>
    {
        var (id, session) = (SandboxId.Parse(sandbox), $"s{number}");
        await api.CreateSessionAsync(id, new CreateSessionRequest { Session = session, StartupTimeout = _patience.TotalSeconds }, token);
        var action = new BashAction { Session = session, Command = Script(number), Timeout = _patience.TotalSeconds };
        var seen = EngineReader.Lines((await api.RunInSessionAsync(id, action, token)).Output);
        await api.CloseSessionAsync(id, session, token);
        return ("", seen);
    });

    public Task<Operation> StopAsync(string sandbox) => RunAsync(sandbox, OperationKind.Stop, async (api, _, token) =>
    {
        await api.StopAsync(SandboxId.Parse(sandbox), token);
        return ("", null);
    });

    public Task<Operation> RestartAsync(string sandbox) => RunAsync(sandbox, OperationKind.Restart, async (api, _, token) =>
    {
        await api.RestartAsync(SandboxId.Parse(sandbox), token);
        return ("", null);
    });

    public Task<Operation> ArchiveAsync(string sandbox) => RunAsync(sandbox, OperationKind.Archive, async (api, _, token) =>
    {
        await api.ArchiveAsync(SandboxId.Parse(sandbox), token);
        return ("", null);
    });

    public Task<Operation> DeleteAsync(string sandbox) => RunAsync(sandbox, OperationKind.Delete, async (api, _, token) =>
    {
        await api.DeleteAsync(SandboxId.Parse(sandbox), token);
        return ("", null);
    });

    /// <summary>Appends the call's own mark and shows all of them.</summary>
    private static string Script(long number) =>
        $"echo {Operation.MarkOf(number)} >> {EngineReader.MarksFile} && cat {EngineReader.MarksFile}";

    private Task<Operation> RunAsync(
        string sandbox, OperationKind kind, Func<SandboxClient, long, CancellationToken, Task<(string, IReadOnlyList<string>?)>> call) =>
        recorder.RunAsync(client, sandbox, kind, async number =>
        {
            using var limit = new CancellationTokenSource(_patience, time);
            return await call(apis[(_next++ & int.MaxValue) % apis.Count], number, limit.Token);
        });
}
