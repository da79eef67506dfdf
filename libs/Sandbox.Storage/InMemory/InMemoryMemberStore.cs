using Sandbox.Domain.Stores;

namespace Sandbox.Storage.InMemory;

/// <summary>The members that one process knows, and its join tokens; they end with it.</summary>
internal sealed class InMemoryMemberStore(TimeProvider time) : IMemberStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, (Member Member, long SeenAt)> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (JoinToken Token, string? UsedBy)> _tokens = [];

    public Task PutAsync(Member member, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Put(member);
        }

        return Task.CompletedTask;
    }

    public Task<byte[]?> TryJoinAsync(Member member, byte[] tokenHash, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var sealKey = Use(member.Node, tokenHash);
            if (sealKey is not null)
            {
                Put(member);
            }

            return Task.FromResult(sealKey);
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
            foreach (var hash in _tokens.Where(known => known.Value.Token.ExpiresAt < time.GetUtcNow().AddDays(-7))
                .Select(known => known.Key).ToList())
            {
                _tokens.Remove(hash);
            }

            _tokens[Convert.ToHexString(token.Hash)] = (token, UsedBy: null);
        }

        return Task.CompletedTask;
    }

    public Task<byte[]?> TryUseTokenAsync(string node, byte[] tokenHash, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(Use(node, tokenHash));
        }
    }

    public Task<IReadOnlyList<JoinTokenView>> ListTokensAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<JoinTokenView>>(
                [.. _tokens.Values.OrderBy(known => known.Token.ExpiresAt)
                    .Select(known => new JoinTokenView(known.Token, IsOver(known.Token), known.UsedBy))]);
        }
    }

    public Task<bool> TryRevokeTokenAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var found = _tokens.FirstOrDefault(known => known.Value.Token.Id == id);
            return Task.FromResult(found.Key is not null && _tokens.Remove(found.Key));
        }
    }

    private bool IsOver(JoinToken token) => token.ExpiresAt <= time.GetUtcNow();

    private byte[]? Use(string node, byte[] tokenHash)
    {
        var hash = Convert.ToHexString(tokenHash);
        if (!_tokens.TryGetValue(hash, out var known) || known.UsedBy is not null || IsOver(known.Token)
            || (known.Token.Node ?? node) != node)
        {
            return null;
        }

        _tokens[hash] = (known.Token, node);
        return known.Token.SealKey;
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
