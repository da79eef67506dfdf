using System.Globalization;

namespace Sandbox.Deployments.Local;

/// <summary>What the kernel tells about processes; one that ends while it is asked about is simply not there.</summary>
internal static class ProcFs
{
    public static IEnumerable<int> Pids() =>
        Directory.EnumerateDirectories("/proc")
            .Select(folder =>
                int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0);

    public static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Number of a process's pid namespace; null when it cannot be told.</summary>
    public static string? PidNamespace(int pid)
    {
        try
        {
            return new FileInfo($"/proc/{pid}/ns/pid").LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Every process whose environment at its start had this entry.</summary>
    public static IEnumerable<ProcessIdentity> WithEnvironment(string entry) =>
        Pids()
            .Where(pid => Read($"/proc/{pid}/environ")?.Split('\0').Contains(entry) == true)
            .Select(ProcessIdentity.Of)
            .OfType<ProcessIdentity>();
}
