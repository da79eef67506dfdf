using System.Text.RegularExpressions;

namespace Sandbox.Kubernetes.Templates;

/// <summary>Something is wrong with a template; its text names the template's author's mistake.</summary>
internal sealed class TemplateException(string message) : Exception(message);

/// <summary>
/// Fills the placeholders of one text: <c>{{ name }}</c>, or <c>{{ name | default('x', true) }}</c> for an empty one. Strict: an unknown
/// name, and any other form between the braces, is an error.
/// </summary>
internal static partial class TemplateText
{
    /// <summary>Null when nothing is left: then its key or list item goes away. A text without placeholders stays as it is.</summary>
    public static string? Render(string text, IReadOnlyDictionary<string, string> values)
    {
        if (!text.Contains("{{", StringComparison.Ordinal))
        {
            return text;
        }

        if (Braces().Replace(text, "").Contains("{{", StringComparison.Ordinal))
        {
            throw new TemplateException($"'{text}' has a placeholder that is not closed.");
        }

        var rendered = Braces().Replace(text, match => Value(match.Groups[1].Value, values));
        return rendered.Trim() is { Length: > 0 } left ? left : null;
    }

    private static string Value(string expression, IReadOnlyDictionary<string, string> values)
    {
        var form = Expression().Match(expression);
        if (!form.Success)
        {
            throw new TemplateException(
                $"'{{{{{expression}}}}}' is not understood: a placeholder is a name, or a name with default('…', true).");
        }

        var name = form.Groups["name"].Value;
        if (!values.TryGetValue(name, out var value))
        {
            throw new TemplateException($"'{name}' is unknown; known are {string.Join(", ", values.Keys.Order(StringComparer.Ordinal))}.");
        }

        return value.Length == 0 && form.Groups["default"].Success ? form.Groups["default"].Value : value;
    }

    [GeneratedRegex(@"\{\{(.*?)\}\}", RegexOptions.Singleline)]
    private static partial Regex Braces();

    [GeneratedRegex(
        """
        ^\s*(?<name>[A-Za-z_][A-Za-z0-9_]*)\s*(?:\|\s*default\(\s*(?:'(?<default>[^']*)'|"(?<default>[^"]*)")\s*(?:,\s*[Tt]rue\s*)?\)\s*)?\z
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Expression();
}
