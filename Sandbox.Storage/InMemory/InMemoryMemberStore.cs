using Sandbox.Domain.Stores;

namespace Sandbox.Storage.InMemory;

/// <summary>The members that one process knows, and its join tokens; they end with it.</summary>
internal sealed class InMemoryMemberStore(TimeProvider time) : IMemberStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (Member Member, long SeenAt)> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, JoinToken> _tokens = [];

    public Task PutAsync(Member member, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Put(member);
        }

        return Task.CompletedTask;
    }

    public Task<bool> TryJoinAsync(Member member, byte[] tokenHash, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var name = Convert.ToHexString(tokenHash);
            if (!_tokens.TryGetValue(name, out var token) || token.ExpiresAt <= time.GetUtcNow() || (token.Node ?? member.Node) != member.Node)
            {
                return Task.FromResult(false);
            }

            _tokens.Remove(name);
            Put(member);
            return Task.FromResult(true);
        }
    }

    public Task<Sighting> SeeAsync(string node, string instance, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_members.TryGetValue(node, out var known))
            {
                return Task.FromResult(Sighting.Unknown);
            }

            if (known.Member.Instance != instance)
            {
                return Task.FromResult(Sighting.Replaced);
            }

            _members[node] = (known.Member, time.GetTimestamp());
            return Task.FromResult(Sighting.Known);
        }
    }

    public Task ForgetAsync(string node, string instance, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_members.TryGetValue(node, out var known) && known.Member.Instance == instance)
            {
                _members.Remove(node);
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<MemberView>> ListAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<MemberView>>(
                [.. _members.Values.Select(known => new MemberView(known.Member, time.GetElapsedTime(known.SeenAt)))]);
        }
    }

    public Task AddTokenAsync(JoinToken token, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _tokens[Convert.ToHexString(token.Hash)] = token;
        }

        return Task.CompletedTask;
    }

    /// <summary>The key stays with the life that joined with it.</summary>
    private void Put(Member member)
    {
        var key = _members.TryGetValue(member.Node, out var known) && known.Member.Instance == member.Instance
            ? member.KeyHash ?? known.Member.KeyHash
            : member.KeyHash;
        _members[member.Node] = (member with { KeyHash = key }, time.GetTimestamp());
    }
}
