using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Running;

/// <summary><c>--command "RESOURCE COMMAND"</c>: asks the AppHost that runs, prints what it answers, and ends.</summary>
internal sealed class RemoteCommand(IDistributedApplicationBuilder builder, StateFolder state, IHostApplicationLifetime lifetime) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var words = builder.Configuration["LocalHosting:Command"]!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var resource, var command])
        {
            throw new DistributedApplicationException("--command takes a resource and a command, for example \"api create-demo-sandbox\"");
        }

        var answer = await AskAsync(new ControlQuestion(resource, command), cancellationToken);
        await (answer.Success ? Console.Out : Console.Error).WriteLineAsync(answer.Message ?? (answer.Success ? "done" : "failed"));
        Environment.ExitCode = answer.Success ? 0 : 1;
        lifetime.StopApplication();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<ControlAnswer> AskAsync(ControlQuestion question, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(state.ControlSocket), cancellationToken);
        }
        catch (SocketException)
        {
            throw new DistributedApplicationException("no AppHost runs here; start one with ./sandbox up");
        }

        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(question), cancellationToken);
        stream.WriteByte((byte)'\n');
        return await JsonSerializer.DeserializeAsync<ControlAnswer>(stream, cancellationToken: cancellationToken)
            ?? throw new DistributedApplicationException("the AppHost gave no answer");
    }
}
