using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Client.Contexts;
using Sandbox.Standalone;

namespace Sandbox.Cli.Servers;

/// <summary>The server that a command talks to: a named one, the one that owns the data folder, or one in this process.</summary>
internal sealed class ServerSession : IAsyncDisposable
{
    /// <summary>How long an owner may take that is starting or leaving.</summary>
    private static readonly TimeSpan OwnerLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly StandaloneHost? _host;
    private readonly CancellationToken _leave;

    private ServerSession(SandboxClient client, StandaloneHost? host, CancellationToken leave) =>
        (Client, _host, _leave) = (client, host, leave);

    public SandboxClient Client { get; }

    public static async Task<ServerSession> OpenAsync(CliSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        if (ContextChoice.Of(settings, ContextFile.OfUser()) is { } context)
        {
            if (context is { ApiKey: not null, Url: { Scheme: "http", IsLoopback: false } })
            {
                StandardStreams.WriteErrorLine(
                    $"sandbox: warning: the API key goes to {context.Url} without TLS; everyone on the way can read it (docs/tls.md)");
            }

            return new ServerSession(new SandboxClient(context.Url, context.ApiKey), null, cancellationToken);
        }

        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await TryOwnAsync(settings, cancellationToken) is { } owner)
            {
                return owner;
            }

            if (await TryJoinAsync(settings, cancellationToken) is { } visitor)
            {
                return visitor;
            }

            // The owner is starting, or leaving: its lock or its socket will be free in a moment.
            if (Stopwatch.GetElapsedTime(begin) > OwnerLimit)
            {
                throw new CliException($"another process owns the data folder {settings.DataFolder} but does not answer");
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_host is null)
        {
            return;
        }

        await LetOthersFinishAsync(_host);
        await _host.DisposeAsync();
    }

    private static async Task<ServerSession?> TryOwnAsync(CliSettings settings, CancellationToken cancellationToken)
    {
        var options = new StandaloneOptions
        {
            DataFolder = settings.DataFolder,
            Deployment = settings.Deployment,
            AgentFolder = Installation.AgentFolder,
            ManagedAgent = Installation.ManagedAgent,
            LogLevel = ParseLevel(settings.Log),
        };
        switch (await StandaloneHost.StartAsync(options, cancellationToken))
        {
            case StandaloneStart.Started { Host: var host }:
                if (await host.DescribeIsolationAsync(settings.Deployment is "local", cancellationToken) is { } warning)
                {
                    StandardStreams.WriteErrorLine("sandbox: warning: " + warning);
                }

                return new ServerSession(SandboxClient.OverUnixSocket(host.SocketPath), host, cancellationToken);
            case StandaloneStart.Refused { Reason: var reason }:
                throw new CliException(reason);
            default:
                return null;
        }
    }

    public static LogLevel? ParseLevel(string? level) =>
        level is null ? null
        : Enum.TryParse<LogLevel>(level, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) ? parsed
        : throw new CliException($"SANDBOX_LOG is not a log level: {level}", ExitCodes.Usage);

    private static async Task<ServerSession?> TryJoinAsync(CliSettings settings, CancellationToken cancellationToken)
    {
        var client = SandboxClient.OverUnixSocket(DataFolder.SocketOf(settings.DataFolder));
        try
        {
            // Answered means counted as a visitor: the owner stays as long as this client lives.
            await client.ListAsync(new Dictionary<string, string>(), page: 1, pageSize: 1, cancellationToken);
            return new ServerSession(client, null, cancellationToken);
        }
        catch (SandboxClientException exception) when (exception.Code is SandboxClientException.Unreachable)
        {
            client.Dispose();
            return null;
        }
    }

    private async Task LetOthersFinishAsync(StandaloneHost host)
    {
        var unused = host.WaitUntilUnusedAsync(_leave);
        if (await Task.WhenAny(unused, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None)) != unused)
        {
            StandardStreams.WriteErrorLine("sandbox: other commands use the server in this process; it stays until they end");
        }

        await unused.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
