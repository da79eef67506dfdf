using System.Net.Sockets;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>What is asked over the control socket, a line of JSON, and what is answered.</summary>
internal sealed record ControlQuestion(string Resource, string Command);

internal sealed record ControlAnswer(bool Success, string? Message);

/// <summary>The commands of the resources, for the user whom the stack belongs to: a Unix socket in its state folder.</summary>
internal sealed class ControlSocket : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ended = new();
    private readonly ResourceCommandService _commands;
    private readonly string _path;
    private readonly Task _serving;

    public ControlSocket(string path, ResourceCommandService commands)
    {
        (_path, _commands) = (path, commands);
        // We hold the lock of its folder: whoever left it there is gone.
        File.Delete(path);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listener.Listen();
        _serving = ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _serving;
        _listener.Dispose();
        File.Delete(_path);
        _ended.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.AcceptAsync(_ended.Token));
            }
        }
        catch (OperationCanceledException)
        {
            // The stack ends.
        }
    }

    private async Task AnswerAsync(Socket caller)
    {
        await using var stream = new NetworkStream(caller, ownsSocket: true);
        using var reader = new StreamReader(stream);
        try
        {
            var question = JsonSerializer.Deserialize<ControlQuestion>(await reader.ReadLineAsync(_ended.Token) ?? "{}");
            var result = await _commands.ExecuteCommandAsync(question?.Resource ?? "", question?.Command ?? "", _ended.Token);
            await JsonSerializer.SerializeAsync(stream, new ControlAnswer(result.Success, result.Message), cancellationToken: _ended.Token);
        }
        catch (Exception exception) when (exception is IOException or JsonException or OperationCanceledException)
        {
            // Who asked has gone, asked nothing that can be read, or the stack ends.
        }
    }
}
