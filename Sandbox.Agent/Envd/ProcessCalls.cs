using Sandbox.Agent.Http;
using Sandbox.Agent.Processes;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>The short calls of <c>process.Process</c>, all about running processes.</summary>
internal sealed class ProcessCalls(ProcessTable processes)
{
    internal static ConnectError Unknown(ProcessSelector? selector) => selector switch
    {
        { Pid: { } pid } => ConnectErrors.NotFound($"process with pid {pid} not found"),
        { Tag: { } tag } => ConnectErrors.NotFound($"process with tag '{tag}' not found"),
        _ => ConnectErrors.InvalidArgument("A process is selected by 'pid' or 'tag'."),
    };

    internal Task ListAsync(HttpContext context)
    {
        var list = processes.Running.Select(process => new ProcessInfo(process.Order.Config, (uint)process.Pid, process.Order.Tag));
        return context.WriteJsonAsync(new ListResponse([.. list]), EnvdJson.Default.ListResponse);
    }

    internal async Task SendInputAsync(HttpContext context)
    {
        var request = await context.ReadJsonAsync(EnvdJson.Default.SendInputRequest);
        if (await FindAsync(context, request?.Process, malformed: request is null) is not { } process)
        {
            return;
        }

        var bytes = process.HasTerminal ? request!.Input?.Pty : request!.Input?.Stdin;
        if (bytes is null)
        {
            await context.WriteErrorAsync(ConnectErrors.InvalidArgument(
                process.HasTerminal
                    ? "This process has a terminal: its input is 'pty'." : "This process has no terminal: its input is 'stdin'."));
        }
        else if (!await process.TrySendAsync(bytes, context.RequestAborted))
        {
            await context.WriteErrorAsync(ConnectErrors.FailedPrecondition("The standard input of this process is closed."));
        }
        else
        {
            await AnswerAsync(context);
        }
    }

    internal async Task SendSignalAsync(HttpContext context)
    {
        var request = await context.ReadJsonAsync(EnvdJson.Default.SendSignalRequest);
        if (await FindAsync(context, request?.Process, malformed: request is null) is not { } process)
        {
            return;
        }

        if (request!.Signal == ProcessSignal.SIGNAL_UNSPECIFIED || !Enum.IsDefined(request.Signal))
        {
            await context.WriteErrorAsync(ConnectErrors.InvalidArgument("The signal is not one that can be sent."));
            return;
        }

        process.Signal((int)request.Signal);
        await AnswerAsync(context);
    }

    internal async Task UpdateAsync(HttpContext context)
    {
        var request = await context.ReadJsonAsync(EnvdJson.Default.UpdateRequest);
        if (await FindAsync(context, request?.Process, malformed: request is null) is not { } process)
        {
            return;
        }

        if (request!.Pty?.Size is { } size)
        {
            if (!process.HasTerminal)
            {
                await context.WriteErrorAsync(ConnectErrors.FailedPrecondition("This process has no terminal."));
                return;
            }

            var settings = ProcessEndpoints.TerminalOf(size);
            process.Resize(settings.Columns, settings.Rows);
        }

        await AnswerAsync(context);
    }

    internal async Task CloseStdinAsync(HttpContext context)
    {
        var request = await context.ReadJsonAsync(EnvdJson.Default.CloseStdinRequest);
        if (await FindAsync(context, request?.Process, malformed: request is null) is not { } process)
        {
            return;
        }

        if (process.HasTerminal)
        {
            await context.WriteErrorAsync(ConnectErrors.FailedPrecondition("A terminal has no standard input to close: send control-D."));
            return;
        }

        await process.CloseInputAsync();
        await AnswerAsync(context);
    }

    /// <summary>Answers the error itself when there is none.</summary>
    private async Task<SandboxProcess?> FindAsync(HttpContext context, ProcessSelector? selector, bool malformed)
    {
        var process = processes.Find(selector);
        if (process is null)
        {
            await context.WriteErrorAsync(
                malformed ? ConnectErrors.InvalidArgument("The body is not the JSON of this request.") : Unknown(selector));
        }

        return process;
    }

    private static Task AnswerAsync(HttpContext context) => context.WriteJsonAsync(new Nothing(), EnvdJson.Default.Nothing);
}
