using System.Globalization;

namespace Aspire.Hosting.Running;

/// <summary>One AppHost at a time on one state folder. The lock ends with the process, however it ends.</summary>
internal sealed class InstanceLock : IDisposable
{
    private readonly FileStream _held;

    private InstanceLock(FileStream held) => _held = held;

    /// <exception cref="DistributedApplicationException">Another holds it.</exception>
    public static InstanceLock Take(StateFolder state)
    {
        var owner = Path.Combine(state.Path, "owner");
        try
        {
            var held = new FileStream(Path.Combine(state.Path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(owner, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new InstanceLock(held);
        }
        catch (IOException) when (File.Exists(owner))
        {
            throw new DistributedApplicationException(
                $"this AppHost runs already, as process {File.ReadAllText(owner)}. End that one first; to run a second beside it, give it a folder of its own ({StateFolder.Variable}) and other ports.");
        }
    }

    public void Dispose() => _held.Dispose();
}
