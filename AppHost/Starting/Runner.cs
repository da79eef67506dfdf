using System.Globalization;

namespace AppHost.Starting;

/// <summary>The process that started the AppHost.</summary>
/// <param name="Process">Its id; null: this system does not say.</param>
internal sealed record Runner(int? Process, bool IsDotnetRun)
{
    public static Runner Now() => Parent() is { } parent ? new Runner(parent, IsRunner(parent)) : new Runner(null, false);

    public static int? Parent()
    {
        const string Line = "PPid:";
        return File.Exists("/proc/self/status")
            ? int.Parse(
                File.ReadLines("/proc/self/status").First(line => line.StartsWith(Line, StringComparison.Ordinal))[Line.Length..],
                CultureInfo.InvariantCulture)
            : null;
    }

    private static bool IsRunner(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0') is [var program, "run", ..]
                && Path.GetFileNameWithoutExtension(program) is "dotnet";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
