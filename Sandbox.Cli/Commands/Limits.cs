namespace Sandbox.Cli.Commands;

internal static class Limits
{
    /// <summary>A time limit of the command line, seconds.</summary>
    public static TimeSpan? Seconds(double? seconds) => seconds switch
    {
        null => null,
        > 0 and < 1e8 => TimeSpan.FromSeconds(seconds.Value),
        _ => throw new CliException("--timeout takes a number of seconds above 0", ExitCodes.Usage),
    };
}
