using System.Globalization;

namespace Sandbox.Chaos.Nodes;

/// <summary>The system's time, whose time of day is ahead by as many seconds as a file says. What runs by the monotonic clock goes on
/// undisturbed, as when a machine's clock is set.</summary>
/// <param name="file">May be missing: then it is not ahead.</param>
public sealed class JumpingClock(string file) : TimeProvider
{
    /// <summary>Of the environment: the file.</summary>
    public const string Variable = "CHAOS_CLOCK";

    /// <summary>Ending of a file that is made when the time was read ahead.</summary>
    public const string Seen = ".seen";

    private readonly Lock _guard = new();
    private long _looked;
    private TimeSpan _ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead();

    private TimeSpan Ahead()
    {
        lock (_guard)
        {
            if (_looked != 0 && System.GetElapsedTime(_looked) < TimeSpan.FromMilliseconds(50))
            {
                return _ahead;
            }

            _looked = System.GetTimestamp();
            _ahead = File.Exists(file)
                ? TimeSpan.FromSeconds(double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture)) : TimeSpan.Zero;
            if (_ahead != TimeSpan.Zero)
            {
                File.WriteAllText(file + Seen, "");
            }

            return _ahead;
        }
    }
}
