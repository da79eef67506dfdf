using System.Buffers;
using System.Text.Json;
using Sandbox.Api.Http;

namespace Sandbox.Api.Rock;

/// <summary>One member of a JSON object that may be large, and is never made into a string.</summary>
internal static class LargeMember
{
    /// <summary>Where the value of a member lies in an object; of several of that name, the last one's. Null: there is none, or it is no
    /// text.</summary>
    /// <exception cref="JsonException">The body is not JSON.</exception>
    public static (long Start, long Length)? Find(ReadOnlySequence<byte> body, ReadOnlySpan<byte> name)
    {
        (long, long)? found = null;
        var reader = new Utf8JsonReader(body);
        if (body.IsEmpty || !reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isWanted = reader.ValueTextEquals(name);
            reader.Read();
            var (start, isText) = (reader.TokenStartIndex, reader.TokenType is JsonTokenType.String);
            reader.Skip();
            if (isWanted)
            {
                found = isText ? (start, reader.BytesConsumed - start) : null;
            }
        }

        // Throws where something follows.
        _ = reader.Read();
        return found;
    }

    /// <summary>Whether a text, as JSON, is one in Unicode.</summary>
    public static bool IsText(ReadOnlySequence<byte> json)
    {
        try
        {
            var filter = new JsonTextFilter(output: null);
            foreach (var piece in json)
            {
                filter.Append(piece.Span);
            }

            filter.End();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The body with an empty text in that place.</summary>
    public static ReadOnlySequence<byte> Without(ReadOnlySequence<byte> body, (long Start, long Length) place)
    {
        var rest = new ArrayBufferWriter<byte>((int)(body.Length - place.Length) + 2);
        foreach (var piece in body.Slice(0, place.Start))
        {
            rest.Write(piece.Span);
        }

        rest.Write("\"\""u8);
        foreach (var piece in body.Slice(place.Start + place.Length))
        {
            rest.Write(piece.Span);
        }

        return new ReadOnlySequence<byte>(rest.WrittenMemory);
    }
}
