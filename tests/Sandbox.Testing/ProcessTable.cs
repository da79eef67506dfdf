using System.Globalization;
using System.Text;

namespace Sandbox.Testing;

/// <summary>The processes of this machine, any of which may end while it is looked at: then it has no text.</summary>
public static class ProcessTable
{
    public static IEnumerable<int> Where(Func<int, bool> isMeant) => Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            ? process
            : 0)
        .Where(process => process > 0 && isMeant(process));

    public static string StatusOf(int process) => Read(process, "status");

    public static string CommandOf(int process) => Read(process, "cmdline").Replace('\0', ' ');

    public static string EnvironmentOf(int process) => Read(process, "environ");

    private static string Read(int process, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process}/{file}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
