using Sandbox.Agent.Accounts;
using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>The service <c>process.Process</c> of the envd protocol: its two streams; the short calls are in
/// <see cref="ProcessCalls"/>.</summary>
internal sealed class ProcessEndpoints(ProcessTable processes, AccountFiles accounts, SandboxEnvironment environment, TimeProvider time)
{
    private const string Service = AgentRoutes.Envd + "/process.Process/";
    private const ushort DefaultColumns = 80;
    private const ushort DefaultRows = 24;

    internal void Map(RouteTable routes)
    {
        var calls = new ProcessCalls(processes);
        routes.Post(Service + "Start", StartAsync);
        routes.Post(Service + "Connect", ConnectAsync);
        routes.Post(Service + "List", calls.ListAsync);
        routes.Post(Service + "SendInput", calls.SendInputAsync);
        routes.Post(Service + "SendSignal", calls.SendSignalAsync);
        routes.Post(Service + "Update", calls.UpdateAsync);
        routes.Post(Service + "CloseStdin", calls.CloseStdinAsync);
    }

    internal static TerminalSettings TerminalOf(PtySize? size) => new(Clamp(size?.Cols, DefaultColumns), Clamp(size?.Rows, DefaultRows));

    private async Task StartAsync(HttpContext context)
    {
        var stream = new ConnectStream(context);
        var request = await stream.ReadRequestAsync(EnvdJson.Default.StartRequest);
        if (request is null)
        {
            return;
        }

        var (order, error) = Prepare(context, request, stream.Timeout);
        if (order is null)
        {
            await stream.EndAsync(error);
        }
        else if (!processes.TryStart(order, out var process, out var reader, out var spawnError))
        {
            await stream.EndAsync(ConnectErrors.From(spawnError));
        }
        else
        {
            await ServeAsync(context, stream, process, reader);
        }
    }

    private async Task ConnectAsync(HttpContext context)
    {
        var stream = new ConnectStream(context);
        var request = await stream.ReadRequestAsync(EnvdJson.Default.ConnectRequest);
        if (request is null)
        {
            return;
        }

        var process = request.Replay == true ? processes.FindForReading(request.Process) : processes.Find(request.Process);
        if (process is null)
        {
            await stream.EndAsync(ProcessCalls.Unknown(request.Process));
            return;
        }

        await ServeAsync(context, stream, process, process.Attach(request.Replay == true));
    }

    private async Task ServeAsync(HttpContext context, ConnectStream stream, SandboxProcess process, OutputReader reader)
    {
        var sawEnd = false;
        try
        {
            sawEnd = await new ProcessStream(stream, process, reader, time).RunAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (reader.IsCutOff || context.RequestAborted.IsCancellationRequested)
        {
            // The client left, or stood still for too long; the process goes on.
            context.Abort();
        }
        finally
        {
            processes.Detach(process, reader, sawEnd);
        }
    }

    private (ProcessOrder? Order, ConnectError? Error) Prepare(HttpContext context, StartRequest request, TimeSpan? timeout)
    {
        if (request.Process is not { } config || request.OnDisconnect is not (null or "keep" or "kill"))
        {
            return (null, ConnectErrors.InvalidArgument("'process' is missing, or 'onDisconnect' is neither 'keep' nor 'kill'."));
        }

        if (!EnvdUser.TryResolve(context, accounts, out var account, out var error))
        {
            return (null, error);
        }

        var spawn = new SpawnRequest
        {
            Command = config.Cmd,
            Arguments = config.Args,
            Env = environment.Compose(account, config.Envs),
            WorkingFolder = FolderOf(account, config.Cwd),
            OpenStdin = request.Stdin ?? true,
            Terminal = request.Pty is null ? null : TerminalOf(request.Pty.Size),
            RunAs = account,
        };
        return (new ProcessOrder(spawn, config, request.Tag, request.OnDisconnect == "kill", timeout), null);
    }

    private static string FolderOf(Account account, string? cwd)
    {
        var home = SandboxEnvironment.DefaultFolder(account);
        return cwd switch
        {
            null or "" or "~" => home,
            ['~', '/', .. var rest] => Path.Combine(home, rest),
            _ => Path.Combine(home, cwd),
        };
    }

    private static ushort Clamp(uint? value, ushort fallback) => value is null or 0 ? fallback : (ushort)Math.Min(value.Value, 1000);
}
