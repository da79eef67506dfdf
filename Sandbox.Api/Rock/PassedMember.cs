using System.Text;
using System.Text.Json;

namespace Sandbox.Api.Rock;

/// <summary>One member of an agent's answer that goes on to the caller.</summary>
/// <param name="IsText">A text, and never null; else a whole number, or null.</param>
/// <param name="Default">Stands for one that is missing, as JSON; null: a number is left out then, and a text may not be
/// missing.</param>
internal sealed record PassedMember(string Name, bool IsText, string? Default)
{
    /// <summary>Its name.</summary>
    public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);

    /// <summary>Its name and what follows it, as JSON.</summary>
    public byte[] Prefix { get; } = Encoding.UTF8.GetBytes($"\"{Name}\":");

    /// <exception cref="JsonException">The value is none of these.</exception>
    public void Check(ref Utf8JsonReader value)
    {
        var isGood = IsText
            ? value.TokenType is JsonTokenType.String
            : value.TokenType is JsonTokenType.Null || (value.TokenType is JsonTokenType.Number && value.TryGetInt32(out _));
        if (!isGood)
        {
            throw new JsonException();
        }
    }
}
