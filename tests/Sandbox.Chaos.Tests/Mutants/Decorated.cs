using System.Reflection;

namespace Sandbox.Chaos.Tests.Mutants;

/// <summary>One of the product's services with some of its calls replaced by a test: where a safeguard is taken out.</summary>
public class Decorated : DispatchProxy
{
    private object _inner = null!;
    private Func<string, object?[], Func<object?>, object?> _call = null!;

    /// <param name="call">Gets the method's name, its arguments, and what passes the call on to <paramref name="inner"/>.</param>
    public static T Over<T>(T inner, Func<string, object?[], Func<object?>, object?> call)
        where T : class
    {
        var made = Create<T, Decorated>();
        var decorated = (Decorated)(object)made;
        (decorated._inner, decorated._call) = (inner, call);
        return made;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        _call(targetMethod!.Name, args ?? [], () => targetMethod.Invoke(_inner, args));
}
