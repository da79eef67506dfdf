using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Domain.Errors;

/// <summary>Either a value or an expected failure.</summary>
public sealed class Result<T>
    where T : class
{
    private readonly T? _value;
    private readonly SandboxError? _error;

    private Result(T? value, SandboxError? error) => (_value, _error) = (value, error);

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(SandboxError error) => new(null, error);

    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out SandboxError? error)
    {
        (value, error) = (_value, _error);
        return value is not null;
    }
}
