using System.Text.RegularExpressions;

namespace Sandbox.House.Tests;

/// <summary>C# as far as these tests read it: which types a file declares, in which namespace, and with what parameters.</summary>
internal static partial class SourceText
{
    /// <summary>Without comments, and with empty strings: nothing in it only looks like code.</summary>
    public static string CodeOf(string source) => CommentOrText().Replace(source, match => match.Value[0] switch
    {
        '/' => "",
        '\'' => "' '",
        _ => "\"\"",
    });

    public static string NamespaceOf(string source) => Namespace().Match(source).Groups[1].Value;

    /// <summary>Namespaces of its using directives.</summary>
    public static IEnumerable<string> UsingsOf(string source) => Using().Matches(source).Select(match => match.Groups[1].Value);

    /// <summary>Names of the types that are declared in it, nested ones and delegates included.</summary>
    public static IEnumerable<string> TypesOf(string code) => DeclaredType().Matches(code).Select(match => match.Groups[1].Value);

    /// <summary>How many parameters each constructor of the file has: of classes and structs, primary ones included. A record's
    /// parameters are its data.</summary>
    public static IEnumerable<(string Type, int Parameters)> ConstructorsOf(string code)
    {
        var types = ClassOrRecord().Matches(code).Select(match => match.Groups[1].Value).ToHashSet();
        return PrimaryConstructor().Matches(code)
            .Concat(Constructor().Matches(code).Where(match => types.Contains(match.Groups[1].Value)))
            .Select(match => (match.Groups[1].Value, CountParameters(code, match.Index + match.Length)));
    }

    /// <param name="start">Behind the opening bracket.</param>
    private static int CountParameters(string code, int start)
    {
        var (depth, commas, isEmpty) = (1, 0, true);
        for (var at = start; ; at++)
        {
            // An arrow (=>) closes nothing; a comparison does not stand in a list of parameters.
            depth += code[at] switch
            {
                '(' or '[' or '{' or '<' => 1,
                ')' or ']' or '}' => -1,
                '>' when code[at - 1] != '=' => -1,
                _ => 0,
            };
            if (depth == 0)
            {
                return isEmpty ? 0 : commas + 1;
            }

            commas += depth == 1 && code[at] == ',' ? 1 : 0;
            isEmpty &= char.IsWhiteSpace(code[at]);
        }
    }

    [GeneratedRegex(
        """
        //[^\n]*|/\*[\s\S]*?\*/|\$*"{3}[\s\S]*?"{3}|(?:\$@|@\$|@)"(?:[^"]|"")*"|\$?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'
        """)]
    private static partial Regex CommentOrText();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"\b(?:class|record struct|record|struct|interface|enum|delegate [^;(]*?)\s([A-Z]\w*)")]
    private static partial Regex DeclaredType();

    [GeneratedRegex(@"\b(?:class|record struct|record|struct)\s+([A-Z]\w*)")]
    private static partial Regex ClassOrRecord();

    [GeneratedRegex(@"(?<!\brecord\s+)\b(?:class|struct)\s+([A-Z]\w*)(?:<[^>(]*>)?\s*\(")]
    private static partial Regex PrimaryConstructor();

    [GeneratedRegex(@"\b(?:public|private|internal|protected)\s+([A-Z]\w*)\s*\(")]
    private static partial Regex Constructor();
}
