using Sandbox.Client.Wire;
using Sandbox.Contracts.Envd;

namespace Sandbox.Client.Processes;

/// <summary>The processes inside one sandbox.</summary>
public sealed class SandboxProcesses
{
    /// <summary>Bytes of input per call.</summary>
    private const int InputPiece = 256 * 1024;

    private const string Service = "process.Process/";

    private readonly EnvdCalls _envd;

    internal SandboxProcesses(EnvdCalls envd) => _envd = envd;

    /// <summary>Starts a process and attaches to its output. Disposing the stream detaches; what that does to the process
    /// the request's <c>OnDisconnect</c> says.</summary>
    public async Task<ProcessStream> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        var stream = await _envd.StreamAsync(
            Service + "Start", request, EnvdJson.Default.StartRequest, EnvdJson.Default.ProcessMessage, cancellationToken);
        return await ProcessStream.OpenAsync(this, stream, request.Pty is not null, cancellationToken);
    }

    /// <summary>Attaches to a process that runs.</summary>
    /// <param name="pty">Whether its input goes to a terminal.</param>
    public async Task<ProcessStream> ConnectAsync(ConnectRequest request, bool pty, CancellationToken cancellationToken)
    {
        var stream = await _envd.StreamAsync(
            Service + "Connect", request, EnvdJson.Default.ConnectRequest, EnvdJson.Default.ProcessMessage, cancellationToken);
        return await ProcessStream.OpenAsync(this, stream, pty, cancellationToken);
    }

    public async Task<IReadOnlyList<ProcessInfo>> ListAsync(CancellationToken cancellationToken) =>
        (await _envd.UnaryAsync(
            Service + "List", new ListRequest(), EnvdJson.Default.ListRequest, EnvdJson.Default.ListResponse, cancellationToken)).Processes
            ?? [];

    /// <summary>Writes to standard input, or to the terminal of a process that has one.</summary>
    public async Task SendInputAsync(ProcessSelector process, ReadOnlyMemory<byte> input, bool pty, CancellationToken cancellationToken)
    {
        for (var rest = input; !rest.IsEmpty; rest = rest[Math.Min(InputPiece, rest.Length)..])
        {
            var piece = rest[..Math.Min(InputPiece, rest.Length)].ToArray();
            var message = new SendInputRequest(process, pty ? new ProcessInput(Pty: piece) : new ProcessInput(Stdin: piece));

            // Without a limit: it waits while the process does not read.
            await _envd.UnaryAsync(
                Service + "SendInput", message, EnvdJson.Default.SendInputRequest, EnvdJson.Default.Nothing, limit: null,
                cancellationToken);
        }
    }

    public Task CloseStdinAsync(ProcessSelector process, CancellationToken cancellationToken) =>
        _envd.UnaryAsync(
            Service + "CloseStdin", new CloseStdinRequest(process), EnvdJson.Default.CloseStdinRequest, EnvdJson.Default.Nothing,
            cancellationToken);

    public Task SendSignalAsync(ProcessSelector process, ProcessSignal signal, CancellationToken cancellationToken) =>
        _envd.UnaryAsync(
            Service + "SendSignal", new SendSignalRequest(process, signal), EnvdJson.Default.SendSignalRequest, EnvdJson.Default.Nothing,
            cancellationToken);

    /// <summary>Sets the size of the process's terminal.</summary>
    public Task ResizeAsync(ProcessSelector process, PtySize size, CancellationToken cancellationToken) =>
        _envd.UnaryAsync(
            Service + "Update", new UpdateRequest(process, new Pty(size)), EnvdJson.Default.UpdateRequest, EnvdJson.Default.Nothing,
            cancellationToken);
}
