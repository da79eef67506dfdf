using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;

namespace Sandbox.Api.Rock;

/// <summary>An agent's answer whose members go on to the caller as they came, once they are known to be what they should be: no text of it
/// is made into another form, however large it is. It is good as long as the buffer that it was read from.</summary>
internal sealed class PassedAnswer
{
    private const int LongestText = 1024 * 1024;
    private const int FlushAt = 64 * 1024;

    private readonly IReadOnlyList<PassedMember> _members;
    private readonly ReadOnlySequence<byte>?[] _values;

    private PassedAnswer(IReadOnlyList<PassedMember> members) =>
        (_members, _values) = (members, new ReadOnlySequence<byte>?[members.Count]);

    /// <summary>Bytes of it as JSON.</summary>
    public long Length
    {
        get
        {
            var (length, count) = (2L, 0);
            for (var index = 0; index < _values.Length; index++)
            {
                if (_values[index] is { } value)
                {
                    length += _members[index].Prefix.Length + value.Length;
                    count++;
                }
            }

            return length + Math.Max(count - 1, 0);
        }
    }

    /// <exception cref="JsonException">It is not an object with these members.</exception>
    public static PassedAnswer Read(ReadOnlySequence<byte> json, IReadOnlyList<PassedMember> members)
    {
        var answer = new PassedAnswer(members);
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
        {
            throw new JsonException();
        }

        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            answer.Take(json, ref reader);
        }

        // Throws where something follows.
        _ = reader.Read();
        answer.FillIn();
        return answer;
    }

    /// <summary>A member as JSON, where it is short enough to be asked for.</summary>
    public string? JsonOf(string name) =>
        ValueOf(name) is { Length: <= LongestText } value ? Encoding.UTF8.GetString(value) : null;

    /// <exception cref="JsonException">It is longer than any reason that an agent gives.</exception>
    public string TextOf(string name)
    {
        if (ValueOf(name) is not { Length: <= LongestText } value)
        {
            throw new JsonException();
        }

        var reader = new Utf8JsonReader(value);
        return reader.Read() ? reader.GetString() ?? "" : "";
    }

    /// <summary>Writes it, and waits while the caller takes it more slowly than that; what remains is to be flushed.</summary>
    public async Task WriteAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        var (unflushed, isFirst) = (0, true);
        output.Write("{"u8);
        for (var index = 0; index < _values.Length; index++)
        {
            if (_values[index] is not { } value)
            {
                continue;
            }

            if (!isFirst)
            {
                output.Write(","u8);
            }

            isFirst = false;
            output.Write(_members[index].Prefix);
            foreach (var piece in value)
            {
                output.Write(piece.Span);
                unflushed += piece.Length;
                if (unflushed >= FlushAt)
                {
                    await output.FlushAsync(cancellationToken);
                    unflushed = 0;
                }
            }
        }

        output.Write("}"u8);
    }

    private void Take(ReadOnlySequence<byte> json, ref Utf8JsonReader reader)
    {
        var index = 0;
        while (index < _members.Count && !reader.ValueTextEquals(_members[index].Utf8Name))
        {
            index++;
        }

        reader.Read();
        var (start, isKnown, isNull) = (reader.TokenStartIndex, index < _members.Count, reader.TokenType is JsonTokenType.Null);
        if (isKnown)
        {
            _members[index].Check(ref reader);
        }

        reader.Skip();
        if (isKnown)
        {
            _values[index] = isNull ? null : json.Slice(start, reader.BytesConsumed - start);
        }
    }

    private void FillIn()
    {
        for (var index = 0; index < _values.Length; index++)
        {
            var member = _members[index];
            if (_values[index] is null && member.Default is { } text)
            {
                _values[index] = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text));
            }
            else if (_values[index] is null && member.IsText)
            {
                throw new JsonException();
            }
        }
    }

    private ReadOnlySequence<byte>? ValueOf(string name)
    {
        for (var index = 0; index < _values.Length; index++)
        {
            if (_members[index].Name == name)
            {
                return _values[index];
            }
        }

        return null;
    }
}
