using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Gateway;

/// <summary>What is seen of an answer while it passes by.</summary>
internal sealed class RequestProgress(TimeProvider time, Action firstByte)
{
    private readonly long _began = time.GetTimestamp();
    private readonly UsageReader _usage = new();
    private byte _last;
    private long _events;
    private TokenUsage? _told;
    private bool _isRead;

    /// <summary>From the request's arrival to the first byte of its answer; null before that.</summary>
    public TimeSpan? TimeToFirstByte { get; private set; }

    /// <summary>The engine broke off, and the reader of the stream was told so.</summary>
    public bool IsBroken { get; set; }

    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>What the engine says; where it says nothing of a stream, its events are counted, of which the last is no token.</summary>
    public TokenUsage? Usage
    {
        get
        {
            if (!_isRead)
            {
                (_told, _isRead) = (_usage.Read() ?? (_events > 1 ? new TokenUsage(0, _events - 1) : null), true);
            }

            return _told;
        }
    }

    public void Pass(ReadOnlySpan<byte> bytes, bool isEventStream)
    {
        if (TimeToFirstByte is null)
        {
            TimeToFirstByte = Elapsed;
            firstByte();
        }

        _isRead = false;
        _usage.Append(bytes);
        foreach (var letter in isEventStream ? bytes : [])
        {
            // An event ends with an empty line.
            _events += letter == '\n' && _last == '\n' ? 1 : 0;
            _last = letter;
        }
    }
}
