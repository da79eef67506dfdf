using System.Diagnostics;
using System.Reflection;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Tests.Runs;

/// <summary>A store whose process is killed at one of its calls, before it or after it.</summary>
public class KillingStore : DispatchProxy
{
    private static readonly string[] Sides = ["before", "after"];

    private readonly Dictionary<string, int> _calls = [];
    private IRolloutStore _store = null!;
    private string _point = "";

    /// <param name="point">Which call of which method, and on which side of it, as <see cref="Points"/> has them.</param>
    public static IRolloutStore Around(IRolloutStore store, string point)
    {
        var proxy = Create<IRolloutStore, KillingStore>();
        var killing = (KillingStore)(object)proxy;
        (killing._store, killing._point) = (store, point);
        return proxy;
    }

    /// <summary>All boundaries between two steps of a rollout of three checkpoints, two of which need a consent: whatever it does is on
    /// one side of a write.</summary>
    public static IEnumerable<string> Points() =>
        from write in new[]
        {
            (Method: nameof(IRolloutStore.TryWriteAsync), Times: 4),
            (Method: nameof(IRolloutStore.TryBeginAsync), Times: 3),
            (Method: nameof(IRolloutStore.TryUpdateAsync), Times: 3),
            (Method: nameof(IRolloutStore.AppendOutputAsync), Times: 1),
            (Method: nameof(IRolloutStore.TryEndAsync), Times: 3),
        }
        from call in Enumerable.Range(1, write.Times)
        from side in Sides
        select $"{write.Method}-{call}-{side}";

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var name = targetMethod!.Name;
        var call = _calls[name] = _calls.GetValueOrDefault(name) + 1;
        if (_point == $"{name}-{call}-before")
        {
            Die();
        }

        var result = targetMethod.Invoke(_store, args);
        if (_point == $"{name}-{call}-after")
        {
            ((Task)result!).GetAwaiter().GetResult();
            Die();
        }

        return result;
    }

    private static void Die()
    {
        Process.GetCurrentProcess().Kill();
        new ManualResetEventSlim().Wait();
    }
}
