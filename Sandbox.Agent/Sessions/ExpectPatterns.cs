using System.Text;
using System.Text.RegularExpressions;

namespace Sandbox.Agent.Sessions;

/// <summary>
/// The texts a caller waits for, as regular expressions in the dialect of Python. They are matched against bytes (one character
/// each), so that what a match uses up is known exactly; patterns with other than ASCII characters match their UTF-8 form.
/// </summary>
internal sealed class ExpectPatterns
{
    private const int Window = 65_536, MaxPatterns = 64, MaxLength = 4096;

    /// <summary>Bounds every match of this process; call it before anything else.</summary>
    internal static void LimitMatches() => AppContext.SetData("REGEX_DEFAULT_MATCH_TIMEOUT", TimeSpan.FromSeconds(1));

    private readonly List<(string Text, Regex Regex)> _patterns = [];

    public ExpectPatterns(IReadOnlyList<string> patterns)
    {
        if (patterns.Count > MaxPatterns || patterns.Any(pattern => pattern is null or { Length: > MaxLength }))
        {
            throw new SessionFailure(
                SessionFailureKind.InvalidRequest, $"at most {MaxPatterns} patterns of {MaxLength} characters can be expected");
        }

        foreach (var pattern in patterns)
        {
            _patterns.Add((pattern, Compile(pattern)));
        }
    }

    public bool None => _patterns.Count == 0;

    /// <summary>The leftmost match; of two at one place the one that is listed first.</summary>
    public ExpectMatch? Find(ReadOnlySpan<byte> output)
    {
        if (None)
        {
            return null;
        }

        var from = Math.Max(0, output.Length - Window);
        var text = Encoding.Latin1.GetString(output[from..]);
        ExpectMatch? first = null;
        foreach (var (pattern, regex) in _patterns)
        {
            var match = Match(pattern, regex, text);
            if (match.Success && (first is null || from + match.Index < first.From))
            {
                first = new ExpectMatch(pattern, from + match.Index, from + match.Index + match.Length);
            }
        }

        return first;
    }

    private static Match Match(string pattern, Regex regex, string text)
    {
        try
        {
            return regex.Match(text);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new SessionFailure(SessionFailureKind.InvalidRequest, $"the pattern '{pattern}' takes too long to match");
        }
    }

    private static Regex Compile(string pattern)
    {
        var bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(pattern))
            .Replace("(?P<", "(?<", StringComparison.Ordinal).Replace("\\Z", "\\z", StringComparison.Ordinal);
        try
        {
            // The plain constructor, with its options in the pattern and its time limit as the default: the others bring
            // a second engine into the agent's file, near a megabyte that nobody uses.
            return new Regex("(?s)" + bytes);
        }
        catch (ArgumentException exception)
        {
            throw new SessionFailure(SessionFailureKind.InvalidRequest, $"'{pattern}' is not a regular expression: {exception.Message}");
        }
    }
}

/// <param name="From">Byte offset in the output.</param>
internal sealed record ExpectMatch(string Pattern, int From, int To);
