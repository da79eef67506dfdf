using System.Globalization;
using Sandbox.Contracts.Files;

namespace AppHost.Starting;

/// <summary>One stack at a time on one folder of data: a second one would start a second server on the same files.</summary>
internal sealed class StackLock : IDisposable
{
    private FileStream? _lock;

    /// <summary>Locks the folder until this process ends, however it ends.</summary>
    /// <exception cref="DistributedApplicationException">Another process has locked it.</exception>
    public void Take(string folder)
    {
        OwnerOnlyFile.EnsureFolder(folder);
        var holder = Path.Combine(folder, "apphost.pid");
        try
        {
            _lock = OwnerOnlyFile.Lock(Path.Combine(folder, "apphost.lock"));
        }
        catch (IOException exception) when (exception is not FileNotFoundException and not DirectoryNotFoundException)
        {
            var process = File.Exists(holder) ? $", as process {File.ReadAllText(holder)}" : "";
            throw new DistributedApplicationException(
                $"This stack runs already{process}. End it first, or start this one with --scratch FOLDER and --api-port 0.");
        }

        File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose() => _lock?.Dispose();
}
