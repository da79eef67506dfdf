using Sandbox.Contracts.Jobs;

namespace Sandbox.Domain.Stores;

/// <summary>
/// The slots in which a node runs jobs, so many of each class, and the tenants that hold them. A tenant takes another slot of a class
/// while it holds fewer than three times as many as are free, so the more one holds, the more stay free for others: of 16 slots the
/// first tenant gets 12, the next one 3, a third one the last. Of fewer than four, one tenant may hold all.
/// </summary>
/// <remarks>Dynamic thresholds, as switches share a buffer among their ports: Choudhury and Hahne, IEEE/ACM Transactions on Networking
/// 6(2), 1998. Not safe for several threads.</remarks>
public sealed class JobSlots
{
    private const int HeldPerFree = 3;

    private static readonly JobClass[] Classes = Enum.GetValues<JobClass>();

    private readonly Dictionary<JobClass, int> _free;
    private readonly Dictionary<(JobClass Class, string Tenant), int> _held;

    public JobSlots(int ofEachClass)
    {
        _free = Classes.ToDictionary(one => one, _ => ofEachClass);
        _held = [];
    }

    private JobSlots(JobSlots other)
    {
        _free = new Dictionary<JobClass, int>(other._free);
        _held = new Dictionary<(JobClass, string), int>(other._held);
    }

    /// <summary>The classes in which a job can begin now.</summary>
    public IReadOnlyList<JobClass> Open => [.. Classes.Where(one => one is not JobClass.Pull && _free[one] > 0)];

    /// <summary>So many jobs can begin now, as far as one class and one tenant are like another.</summary>
    public int Free => Open.Sum(FreeOf);

    /// <summary>Tenants that hold their share of a class that has free slots.</summary>
    public IEnumerable<(JobClass Class, string Tenant)> Exhausted =>
        _held.Keys.Where(one => _free[one.Class] > 0 && !IsOpenTo(one.Class, one.Tenant));

    public int FreeOf(JobClass of) => Math.Max(0, _free[of]);

    /// <summary>Whether a tenant may take one more slot of a class.</summary>
    public bool IsOpenTo(JobClass of, string tenant) =>
        _free[of] > 0 && _held.GetValueOrDefault((of, tenant)) < HeldPerFree * (long)_free[of];

    public bool TryTake(JobClass of, string tenant)
    {
        if (!IsOpenTo(of, tenant))
        {
            return false;
        }

        Take(of, tenant);
        return true;
    }

    /// <summary>Takes a slot for a job that runs already, whether there is one or not.</summary>
    public void Take(JobClass of, string tenant)
    {
        _free[of]--;
        _held[(of, tenant)] = _held.GetValueOrDefault((of, tenant)) + 1;
    }

    /// <exception cref="InvalidOperationException">The tenant holds none.</exception>
    public void Release(JobClass of, string tenant)
    {
        var held = _held.GetValueOrDefault((of, tenant));
        if (held == 0)
        {
            throw new InvalidOperationException($"The tenant {tenant} holds no slot of class {of}.");
        }

        _free[of]++;
        if (held == 1)
        {
            _held.Remove((of, tenant));
        }
        else
        {
            _held[(of, tenant)] = held - 1;
        }
    }

    public JobSlots Copy() => new(this);
}
