namespace Sandbox.Api.Ops;

/// <summary>What a caller gave, in an answer to it.</summary>
internal static class ShownText
{
    private const int Longest = 80;

    public static string Of(string text) => text.Length > Longest ? $"{text[..Longest]}…" : text;
}
