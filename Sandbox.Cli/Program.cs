using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.Json;
using Sandbox.Cli;
using Sandbox.Cli.Commands;
using Sandbox.Cli.Output;
using Sandbox.Cli.Processes;
using Sandbox.Cli.Servers;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Rollout.Ansible;

using var interrupts = new Interrupts();
var json = false;
var returnsItsCommandsCode = false;
try
{
    var context = new CommandContext(CliSettings.Read(), interrupts, TimeProvider.System);
    var parsed = Commands.All(context).Parse(args);
    json = context.Json(parsed) || ValidateCommand.PrintsJson(parsed);
    returnsItsCommandsCode = Commands.ReturnsItsCommandsCode(parsed);
    return parsed.Action is ParseErrorAction
        ? throw new CliException(Complaint.About(parsed), ExitCodes.Usage)
        : await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (CliException exception)
{
    return Fail(exception.Message, exception.ExitCode);
}
catch (OperationCanceledException) when (interrupts.Asked.IsCancellationRequested)
{
    return interrupts.ExitCode;
}
catch (BrokenPipeException)
{
    return ExitCodes.BrokenPipe;
}
catch (Exception exception) when (exception is SandboxClientException or AnsibleException or IOException or UnauthorizedAccessException)
{
    return Fail(exception.Message, ExitCodes.Failure);
}

int Fail(string text, int exitCode)
{
    if (json)
    {
        var failure = new Failure(text, TimeProvider.System.GetUtcNow());
        StandardStreams.WriteErrorLine(JsonSerializer.Serialize(failure, CliJson.Default.Failure));
    }
    else
    {
        StandardStreams.WriteErrorLine("sandbox: " + text);
    }

    // Where the code is the command's, ours must not look like one of its own.
    return returnsItsCommandsCode && exitCode is (ExitCodes.Failure or ExitCodes.Usage) ? ExitCodes.OwnFailure : exitCode;
}
