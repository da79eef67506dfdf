using Sandbox.Contracts.Envd;

namespace Sandbox.Cli.Processes;

/// <summary>From the words of an ended process ("signal: killed") to the shell's exit code.</summary>
internal static class SignalNames
{
    private const string Prefix = "signal: ";

    private static readonly Dictionary<string, int> Numbers = new(StringComparer.Ordinal)
    {
        ["hangup"] = 1,
        ["interrupt"] = 2,
        ["quit"] = 3,
        ["illegal instruction"] = 4,
        ["trace/breakpoint trap"] = 5,
        ["aborted"] = 6,
        ["bus error"] = 7,
        ["floating point exception"] = 8,
        ["killed"] = 9,
        ["user defined signal 1"] = 10,
        ["segmentation fault"] = 11,
        ["user defined signal 2"] = 12,
        ["broken pipe"] = 13,
        ["alarm clock"] = 14,
        ["terminated"] = 15,
    };

    public static int ExitCodeOf(ProcessEnded ended)
    {
        if (ended.Exited)
        {
            return ended.ExitCode;
        }

        var status = ended.Status ?? "";
        var name = status.StartsWith(Prefix, StringComparison.Ordinal) ? status[Prefix.Length..].Split(" (")[0] : "";
        var number = Numbers.TryGetValue(name, out var known) ? known : NumberIn(name);
        return number > 0 ? ExitCodes.OfSignal(number) : ExitCodes.Failure;
    }

    private static int NumberIn(string name) =>
        int.TryParse(name.Split(' ')[^1], out var number) && number is > 0 and <= 64 ? number : 0;
}
