using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Spectre.Console;

namespace Sandbox.Cli.Commands;

/// <summary><c>doctor</c>: what of docs/security.md is in effect on the server and on each node.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandContext context)
    {
        var doctor = new Command(
            "doctor", "Show what is in effect of what is promised of sandboxes, and what to do; 1 where a promise does not hold.");
        doctor.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var result = await client.DiagnosticsAsync(context.Asked);
            if (context.Json(parsed))
            {
                Printer.Json(result, CliJson.Default.DiagnosticsResult);
            }
            else if (StandardStreams.OutputIsTerminal)
            {
                AnsiConsole.Write(DoctorPage.Draw(result));
            }
            else
            {
                DoctorPage.WriteLines(result);
            }

            return result.PromisesHold ? 0 : ExitCodes.Failure;
        }));
        return doctor;
    }
}
