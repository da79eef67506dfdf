using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Ports;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary><c>port-forward</c>: ports of this machine that lead into a sandbox, until a signal ends it.</summary>
internal static class PortForwardCommand
{
    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var ports = new Argument<string[]>("PORT")
        {
            Description = "[LOCAL:]REMOTE: TCP port of 127.0.0.1 (0 takes a free one), and the one inside.",
            Arity = ArgumentArity.OneOrMore,
        };
        var forward = new Command("port-forward", "Make TCP ports of a running sandbox reachable on this machine.") { id, ports };
        forward.SetAction((parsed, _) =>
        {
            var mappings = parsed.GetValue(ports)!.Select(PortMapping.Parse).ToList();
            return context.WithServerAsync(
                parsed, client => RunAsync(context, client, parsed.GetValue(id), mappings, context.Json(parsed)));
        });
        return forward;
    }

    private static async Task<int> RunAsync(
        CommandContext context, SandboxClient client, SandboxId id, List<PortMapping> mappings, bool json)
    {
        await ThrowUnlessRunningAsync(client, id, context.Asked);
        var forwarders = new List<PortForwarder>();
        try
        {
            foreach (var mapping in mappings)
            {
                forwarders.Add(PortForwarder.Listen(client, id, mapping));
            }

            // Told once all of them listen, so that the first line already speaks for the last port.
            forwarders.ForEach(forwarder => Tell(forwarder, id, json));
            await Task.WhenAll(forwarders.Select(forwarder => forwarder.RunAsync(context.Asked)));
            return 0;
        }
        catch (OperationCanceledException) when (context.Asked.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            forwarders.ForEach(forwarder => forwarder.Dispose());
        }
    }

    private static async Task ThrowUnlessRunningAsync(SandboxClient client, SandboxId id, CancellationToken cancellationToken)
    {
        var status = await client.StatusAsync(id, allStates: true, cancellationToken);
        if (!status.IsAlive)
        {
            throw new CliException($"sandbox {id} is {status.State}, not running");
        }
    }

    private static void Tell(PortForwarder forwarder, SandboxId id, bool json)
    {
        if (json)
        {
            Printer.Json(new ForwardedPort(id.ToString(), forwarder.Local.ToString(), forwarder.Remote), CliJson.Default.ForwardedPort);
        }
        else
        {
            StandardStreams.WriteOutputLine($"forwarding {forwarder.Local} to port {forwarder.Remote} of {id}");
        }
    }
}
