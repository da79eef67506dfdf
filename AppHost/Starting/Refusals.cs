using Microsoft.Extensions.DependencyInjection;

namespace AppHost.Starting;

/// <summary>
/// A start that is refused says why in one line on standard error and ends with 1: no page of stack traces, no core dump.
/// </summary>
internal static class Refusals
{
    private const int Refused = 1;

    /// <summary>Also of what is refused before there is an application: bad arguments, a file that breaks a rule.</summary>
    public static void TellInOneLine() => AppDomain.CurrentDomain.UnhandledException += static (_, unhandled) =>
    {
        if (unhandled.ExceptionObject is DistributedApplicationException refusal)
        {
            Tell(refusal.Message);
            Environment.Exit(Refused);
        }
    };

    /// <summary>Runs the application until it is told to end.</summary>
    /// <returns>The exit code: 0, or 1 when it was refused or could not be brought up.</returns>
    public static async Task<int> RunToEndAsync(this DistributedApplication app)
    {
        var outcome = app.Services.GetService<StartOutcome>();
        try
        {
            await app.RunAsync();
        }
        catch (DistributedApplicationException refusal)
        {
            Tell(refusal.Message);
            return Refused;
        }

        if (outcome?.Failure is not { } failure)
        {
            return 0;
        }

        Tell(failure);
        return Refused;
    }

    private static void Tell(string why) => Console.Error.WriteLine($"The stack does not run. {why}");
}
