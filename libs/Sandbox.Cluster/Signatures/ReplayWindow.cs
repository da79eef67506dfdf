namespace Sandbox.Cluster.Signatures;

/// <summary>
/// Which requests of each sender have come already. A sender numbers its requests; of the last <see cref="Width"/> numbers one bit each
/// says whether it came, and an older one counts as seen. So the memory is 8 KiB a sender, whatever the rate, and a sender that has been
/// silent for longer than a signature is good is forgotten.
/// </summary>
internal sealed class ReplayWindow(TimeProvider time)
{
    /// <summary>Numbers behind the highest one that may still arrive.</summary>
    internal const int Width = 64 * 1024;

    /// <summary>A signature may be dated a window ahead, and is good for a window after that.</summary>
    private static readonly TimeSpan KeepFor = RequestSignature.Window * 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Sender> _senders = [];

    internal int Senders
    {
        get
        {
            lock (_gate)
            {
                return _senders.Count;
            }
        }
    }

    /// <summary>False: the request with this number has come before. For requests whose signature is right only, so that a stranger
    /// fills nothing.</summary>
    public bool TryAccept(ulong sender, ulong sequence)
    {
        lock (_gate)
        {
            if (!_senders.TryGetValue(sender, out var known))
            {
                ForgetSilentOnes();
                _senders.Add(sender, known = new Sender());
            }

            known.LastHeard = time.GetTimestamp();
            return known.TryAccept(sequence);
        }
    }

    private void ForgetSilentOnes()
    {
        foreach (var (sender, _) in _senders.Where(one => time.GetElapsedTime(one.Value.LastHeard) > KeepFor).ToList())
        {
            _senders.Remove(sender);
        }
    }

    private sealed class Sender
    {
        private const int Bits = sizeof(ulong) * 8;

        private readonly ulong[] _seen = new ulong[Width / Bits];
        private ulong _highest;

        public long LastHeard { get; set; }

        public bool TryAccept(ulong sequence)
        {
            if (sequence > _highest)
            {
                Advance(sequence);
            }
            else if (_highest - sequence >= Width)
            {
                return false;
            }

            ref var word = ref _seen[sequence % Width / Bits];
            var bit = 1UL << (int)(sequence % Bits);
            var isNew = (word & bit) == 0;
            word |= bit;
            return isNew;
        }

        /// <summary>The bits between the old highest number and the new one stood for numbers that are too old by now.</summary>
        private void Advance(ulong sequence)
        {
            if (sequence - _highest >= Width)
            {
                Array.Clear(_seen);
            }
            else
            {
                for (var number = _highest + 1; number <= sequence; number++)
                {
                    _seen[number % Width / Bits] &= ~(1UL << (int)(number % Bits));
                }
            }

            _highest = sequence;
        }
    }
}
