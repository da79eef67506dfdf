using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sandbox.Cli.Output;
using Sandbox.Cli.Servers;
using Sandbox.Cli.Terminals;
using Sandbox.Client.Contexts;
using Sandbox.Standalone;

namespace Sandbox.Cli.Commands;

/// <summary><c>serve</c>: the server, until a signal ends it.</summary>
internal sealed class ServeCommand
{
    /// <summary>A command that hosts the server for itself gives the folder back soon.</summary>
    private static readonly TimeSpan OwnerLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly CommandContext _context;
    private readonly Option<string> _host = new("--host") { Description = "Address to listen on.", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int> _port = new("--port", "-p") { Description = "Port; 0 takes a free one.", DefaultValueFactory = _ => 8080 };
    private readonly Option<FileInfo?> _keyFile =
        new("--api-key-file") { Description = "File with one API key per line.", HelpName = "FILE" };
    private readonly Option<FileInfo?> _certificate =
        new("--tls-cert") { Description = "File with a certificate and its chain, PEM: serve https.", HelpName = "FILE" };
    private readonly Option<FileInfo?> _certificateKey =
        new("--tls-key") { Description = "File with its private key, PEM; by default in the same file.", HelpName = "FILE" };
    private readonly Option<bool> _unisolated =
        new("--allow-unisolated") { Description = "Run Local sandboxes that nothing isolates, for other machines too." };

    private ServeCommand(CommandContext context) => _context = context;

    public static Command Create(CommandContext context)
    {
        var serve = new ServeCommand(context);
        serve._port.Validators.Add(result =>
        {
            if (result.GetValue(serve._port) is < 0 or > 65535)
            {
                result.AddError("--port takes 0 to 65535");
            }
        });
        var command = new Command("serve", "Serve the HTTP API.")
        {
            serve._host, serve._port, serve._keyFile, serve._certificate, serve._certificateKey, serve._unisolated,
        };
        command.SetAction((parsed, _) => serve.RunAsync(parsed));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        var options = await OptionsAsync(parsed);
        await using var host = await StartAsync(options);
        if (await host.DescribeIsolationAsync(options.Deployment is "local", _context.Asked) is { } warning)
        {
            StandardStreams.WriteErrorLine("sandbox: warning: " + warning);
        }

        var url = host.Url ?? "";
        var serverFile = DataFolder.ServerFileOf(options.DataFolder);
        PrivateFile.Write(serverFile, new ServerContext(new Uri(url), host.OwnerKey), ContextJson.Default.ServerContext);
        WarnWithoutTls(url);
        if (_context.Json(parsed))
        {
            Printer.Json(new Listening(url, options.DataFolder), CliJson.Default.Listening);
        }
        else
        {
            StandardStreams.WriteOutputLine($"listening on {url} (data folder {options.DataFolder})");
        }

        await Task.WhenAny(EndOf(_context.Asked), EndOf(host.Stopping));
        File.Delete(serverFile);
        return _context.Asked.IsCancellationRequested ? 0 : throw new CliException("a part of the server failed; its log says why");
    }

    private static void WarnWithoutTls(string url)
    {
        if (new Uri(url) is { Scheme: "http", IsLoopback: false })
        {
            StandardStreams.WriteErrorLine(
                "sandbox: warning: API keys come to this server without TLS; everyone on the way can read them (--tls-cert, docs/tls.md)");
        }
    }

    private static Task EndOf(CancellationToken token)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(ended.SetResult);
        return ended.Task;
    }

    private async Task<StandaloneOptions> OptionsAsync(ParseResult parsed)
    {
        var settings = _context.Settings(parsed);
        return new StandaloneOptions
        {
            DataFolder = settings.DataFolder,
            Listen = new IPEndPoint(await AddressAsync(parsed.GetValue(_host)!), parsed.GetValue(_port)),
            ApiKeyFile = parsed.GetValue(_keyFile)?.FullName,
            CertificateFile = parsed.GetValue(_certificate)?.FullName,
            CertificateKeyFile = parsed.GetValue(_certificateKey)?.FullName,
            Deployment = settings.Deployment,
            AllowUnisolated = parsed.GetValue(_unisolated),
            AgentFolder = Installation.AgentFolder,
            ManagedAgent = Installation.ManagedAgent,
            LogLevel = ServerSession.ParseLevel(settings.Log) ?? LogLevel.Information,
        };
    }

    private async Task<StandaloneHost> StartAsync(StandaloneOptions options)
    {
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            switch (await StandaloneHost.StartAsync(options, _context.Asked))
            {
                case StandaloneStart.Started { Host: var host }:
                    return host;
                case StandaloneStart.Refused { Reason: var reason }:
                    throw new CliException(reason);
            }

            if (Stopwatch.GetElapsedTime(begin) > OwnerLimit)
            {
                throw new CliException($"the data folder {options.DataFolder} is in use by another process; choose one with --data");
            }

            await Task.Delay(Pause, _context.Time, _context.Asked);
        }
    }

    private async Task<IPAddress> AddressAsync(string host)
    {
        if (host is "localhost")
        {
            return IPAddress.Loopback;
        }

        if (host is "*")
        {
            return IPAddress.Any;
        }

        try
        {
            return IPAddress.TryParse(host, out var address) ? address : (await Dns.GetHostAddressesAsync(host, _context.Asked))[0];
        }
        catch (SocketException)
        {
            throw new CliException($"there is no address {host}");
        }
    }
}
