using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Networks;

/// <summary>
/// The sandboxes of a node that have lists of what they may reach, what the names on their lists were found to mean, and the rules that
/// follow. Each has a branch of the node's chain, chosen by its address, that only ends what is not allowed: what it lets pass meets the
/// node's own rules like everything else, so a list opens nothing that the operator has closed.
/// </summary>
internal sealed class EgressTable(TimeProvider time)
{
    /// <summary>Addresses that are remembered for the names of one sandbox; of more, those that were learned last.</summary>
    public const int MostLearned = 256;

    /// <summary>Questions of one sandbox that are answered at once: its names may be of a server that never answers.</summary>
    private const int MostQuestions = 8;

    /// <summary>How long an address stays open after its answer is no longer valid: the program that has it may be slow.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private const string ToBegunFromOutside = "-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN";

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Some sandbox has a list of what is allowed.</summary>
    public bool NeedsResolver
    {
        get
        {
            lock (_lock)
            {
                return _entries.Values.Any(entry => entry.Policy.Allow is not null);
            }
        }
    }

    /// <summary>False: nothing changed, or a newer policy is known already.</summary>
    public bool TrySet(IncarnationId incarnation, IPAddress address, EgressPolicy policy)
    {
        lock (_lock)
        {
            var name = NameOf(incarnation);
            if (_entries.TryGetValue(name, out var known)
                && (policy.Revision < known.Policy.Revision || (policy.Revision == known.Policy.Revision && known.Address.Equals(address))))
            {
                return false;
            }

            // An address that is another's now is not the former one's any more.
            foreach (var (other, _) in _entries.Where(one => one.Value.Address.Equals(address)).ToList())
            {
                _entries.Remove(other);
            }

            _entries[name] = new Entry(address, policy, time.GetTimestamp());
            foreach (var learned in known?.Learned.Where(one => policy.Allows(one.Value.Name)) ?? [])
            {
                _entries[name].Learned.Add(learned.Key, learned.Value);
            }

            return true;
        }
    }

    /// <summary>False: it had none.</summary>
    public bool Remove(IncarnationId incarnation)
    {
        lock (_lock)
        {
            return _entries.Remove(NameOf(incarnation));
        }
    }

    /// <summary>Null: it has none.</summary>
    public IPAddress? AddressOf(IncarnationId incarnation)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(NameOf(incarnation))?.Address;
        }
    }

    /// <summary>Only these sandboxes run, and these are their addresses; what was set since a time stays as it is.</summary>
    /// <param name="asked">By the ticks of the clock.</param>
    public void Keep(IReadOnlyDictionary<IncarnationId, IPAddress> running, long asked)
    {
        lock (_lock)
        {
            var addresses = running.ToDictionary(one => NameOf(one.Key), one => one.Value);
            foreach (var (name, entry) in _entries.Where(one => one.Value.SetAt < asked).ToList())
            {
                if (!addresses.TryGetValue(name, out var address))
                {
                    _entries.Remove(name);
                }
                else
                {
                    entry.Address = address;
                }
            }
        }
    }

    /// <summary>Takes up a question of the sandbox with this address: what it may ask for. Null: it has no list, or asks too much at once.
    /// Else <see cref="EndQuestion"/> follows.</summary>
    public EgressPolicy? TryBeginQuestion(IPAddress sandbox)
    {
        lock (_lock)
        {
            if (Find(sandbox) is not { Policy.Allow: not null, Questions: < MostQuestions } entry)
            {
                return null;
            }

            entry.Questions++;
            return entry.Policy;
        }
    }

    public void EndQuestion(IPAddress sandbox)
    {
        lock (_lock)
        {
            if (Find(sandbox) is { Questions: > 0 } entry)
            {
                entry.Questions--;
            }
        }
    }

    /// <summary>A name that this sandbox may reach has these addresses for so long.</summary>
    /// <returns>Whether rules follow that are not there yet.</returns>
    public bool Learn(IPAddress sandbox, string name, IReadOnlyList<IPAddress> addresses, TimeSpan validFor)
    {
        lock (_lock)
        {
            if (Find(sandbox) is not { } entry || !entry.Policy.Allows(name))
            {
                return false;
            }

            var (now, isNew) = (time.GetUtcNow(), false);
            foreach (var address in addresses)
            {
                isNew |= !entry.Learned.TryGetValue(address, out var known) || known.Until <= now;
                entry.Learned[address] = new Learned(name, now + validFor + Grace);
            }

            foreach (var (oldest, _) in entry.Learned.OrderBy(one => one.Value.Until).Take(entry.Learned.Count - MostLearned).ToList())
            {
                entry.Learned.Remove(oldest);
            }

            return isNew;
        }
    }

    /// <param name="resolvers">Name servers that sandboxes ask.</param>
    public IReadOnlyList<FirewallBranch> Branches(IReadOnlyList<IPAddress> resolvers)
    {
        lock (_lock)
        {
            return [.. _entries.Select(one => new FirewallBranch(
                one.Key, $"-s {one.Value.Address}/32", [.. Rules(one.Value, resolvers, time.GetUtcNow())]))];
        }
    }

    /// <summary>Rules of table <c>nat</c> that lead the questions of these sandboxes to our own resolver, whichever server they are for: it
    /// alone tells them names, and only those on their lists.</summary>
    public IReadOnlyList<string> Redirections(int port)
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(entry => entry.Policy.Allow is not null)
                .Select(entry => $"-s {entry.Address}/32 -p udp -m udp --dport 53 -j REDIRECT --to-ports {port}")];
        }
    }

    /// <summary>Eight digits, because the name of a chain has at most 28 characters.</summary>
    internal static string NameOf(IncarnationId incarnation) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(incarnation.ToString())))[..8];

    private static IEnumerable<string> Rules(Entry entry, IReadOnlyList<IPAddress> resolvers, DateTimeOffset now)
    {
        IEnumerable<string> denied = [ToBegunFromOutside, .. entry.Policy.Deny.Select(network => $"-d {network} -j DROP")];
        return entry.Policy.Allow is null ? denied :
        [
            .. denied,
            .. resolvers.Select(resolver => $"-d {resolver}/32 -p udp -m udp --dport 53 -j RETURN"),
            .. entry.Policy.AllowedNetworks.Select(network => $"-d {network} -j RETURN"),
            .. entry.Learned.Select(one => one.Value.Until > now
                ? $"-d {one.Key}/32 -j RETURN"
                // What was begun while the address was the name's may go on, and nothing new begins.
                : $"-d {one.Key}/32 -m conntrack --ctstate ESTABLISHED -j RETURN"),
            "-j DROP",
        ];
    }

    private Entry? Find(IPAddress address) => _entries.Values.FirstOrDefault(entry => entry.Address.Equals(address));

    private sealed class Entry(IPAddress address, EgressPolicy policy, long setAt)
    {
        public IPAddress Address { get; set; } = address;

        public EgressPolicy Policy => policy;

        public long SetAt => setAt;

        public Dictionary<IPAddress, Learned> Learned { get; } = [];

        public int Questions { get; set; }
    }

    private sealed record Learned(string Name, DateTimeOffset Until);
}
