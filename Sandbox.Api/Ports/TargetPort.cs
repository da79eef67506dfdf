using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sandbox.Api.Ports;

/// <summary>
/// Which port inside a sandbox a proxied request goes to, and what is asked of it. A caller names the port once: in the path
/// (<c>…/proxy/port/8000/…</c>), in the header <c>X-ROCK-Target-Port</c>, or in the query (<c>rock_target_port</c>).
/// </summary>
/// <param name="Port">1 to 65535.</param>
/// <param name="Target">Path and query as the caller wrote them, never decoded: they mean what the program inside makes of them.</param>
/// <param name="Prefix">What stands before the path at this server, for addresses that the program inside gives.</param>
internal sealed record TargetPort(int Port, string Target, string Prefix)
{
    public const string Header = "X-ROCK-Target-Port";
    public const string Parameter = "rock_target_port";

    private const string PathMark = "/port/";

    /// <summary>A client keeps cookies of this sandbox apart from others', by the path or the host that it asks.</summary>
    public bool HasCookies { get; init; } = true;

    /// <param name="prefix">Path of the route before what is asked inside, written as the caller must write it.</param>
    /// <param name="ordinary">The port when the caller names none.</param>
    /// <param name="error">What is wrong with the request, when it names no port that there can be.</param>
    public static bool TryFind(
        HttpRequest request, string rawTarget, string prefix, int ordinary,
        [NotNullWhen(true)] out TargetPort? found, [NotNullWhen(false)] out string? error)
    {
        (found, error) = (null, null);
        if (!rawTarget.StartsWith(prefix, StringComparison.Ordinal) || rawTarget.AsSpan(prefix.Length) is not ([] or ['/' or '?', ..]))
        {
            error = $"The address must begin with {prefix}, with no letter of it encoded.";
            return false;
        }

        var rest = rawTarget[prefix.Length..];
        var inPath = rest.StartsWith(PathMark, StringComparison.Ordinal);
        var named = new List<string?>();
        named.AddRange(request.Headers[Header]);
        named.AddRange(InQuery(rest));
        if (inPath)
        {
            var end = rest.AsSpan(PathMark.Length).IndexOfAny('/', '?') is >= 0 and var at ? PathMark.Length + at : rest.Length;
            named.Add(rest[PathMark.Length..end]);
            rest = rest[end..];
        }

        if (named.Count > 1)
        {
            error = $"The port is named {named.Count} times: name it once, in the path, in {Header} or in {Parameter}.";
            return false;
        }

        if (named is [var text] && !IsPort(text))
        {
            error = "The port is not a number from 1 to 65535.";
            return false;
        }

        var port = named is [{ } number] ? int.Parse(number, NumberStyles.None, CultureInfo.InvariantCulture) : ordinary;
        found = new TargetPort(
            port, rest.StartsWith('/') ? rest : "/" + rest, named.Count == 0 ? prefix : $"{prefix}{PathMark}{port}");
        return true;
    }

    /// <summary>A port as a caller writes it, in the one spelling that it has.</summary>
    public static bool TryParse(string text, out int port)
    {
        port = IsPort(text) ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
        return port > 0;
    }

    /// <summary>Values as they are written: an encoded digit is another spelling of it.</summary>
    private static IEnumerable<string> InQuery(string target) =>
        from pair in target.IndexOf('?') is >= 0 and var mark ? target[(mark + 1)..].Split('&') : []
        let end = pair.IndexOf('=')
        let name = Uri.UnescapeDataString(end < 0 ? pair : pair[..end])
        where name.Equals(Parameter, StringComparison.OrdinalIgnoreCase)
        select end < 0 ? "" : pair[(end + 1)..];

    /// <summary>In one spelling only, so that nothing between the caller and here can read another port in it.</summary>
    private static bool IsPort(string? text) =>
        text is { Length: >= 1 and <= 5 } && text[0] != '0' && text.All(char.IsAsciiDigit)
        && int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) <= ushort.MaxValue;
}
