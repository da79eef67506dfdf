using System.Collections.Immutable;

namespace Sandbox.Serving.BuiltIn;

/// <summary>Collects the words of an argument vector.</summary>
internal sealed class ArgumentVector(params IEnumerable<string> start)
{
    private readonly List<string> _words = [.. start];

    /// <summary>A flag with its value; nothing without one.</summary>
    public ArgumentVector Add(string flag, string? value)
    {
        if (value is not null)
        {
            _words.AddRange([flag, value]);
        }

        return this;
    }

    /// <summary>A flag without a value.</summary>
    public ArgumentVector AddIf(bool condition, params IEnumerable<string> words)
    {
        if (condition)
        {
            _words.AddRange(words);
        }

        return this;
    }

    public ImmutableArray<string> ToImmutable() => [.. _words];
}
