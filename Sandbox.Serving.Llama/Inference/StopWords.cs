using System.Collections.Immutable;

namespace Sandbox.Serving.Llama.Inference;

/// <summary>Ends a text before the first stop word, and holds back what may become the beginning of one.</summary>
internal sealed class StopWords(ImmutableArray<string> words)
{
    private string _held = "";

    /// <summary>Whether a stop word was found; nothing follows.</summary>
    public bool IsFound { get; private set; }

    /// <summary>The text that is certain by now.</summary>
    public string Append(string text)
    {
        _held += text;
        var found = words.Select(word => _held.IndexOf(word, StringComparison.Ordinal)).Where(index => index >= 0).DefaultIfEmpty(-1).Min();
        IsFound = found >= 0;
        return Take(IsFound ? found : _held.Length - LongestBeginning());
    }

    /// <summary>What was held back, at the end of a text without a stop word.</summary>
    public string Flush() => Take(_held.Length);

    private string Take(int length)
    {
        var text = _held[..length];
        _held = _held[length..];
        return text;
    }

    /// <summary>The length of the longest end of the text with which a stop word begins.</summary>
    private int LongestBeginning() => words
        .SelectMany(word => Enumerable.Range(1, Math.Min(word.Length, _held.Length))
            .Where(length => _held.AsSpan(_held.Length - length).SequenceEqual(word.AsSpan(0, length))))
        .DefaultIfEmpty(0)
        .Max();
}
