using System.Collections.Concurrent;
using System.Net;
using Sandbox.Deployments.Networks;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>Name servers that know what a test tells them, and remember what they were asked.</summary>
internal sealed class TestLookup : INameLookup
{
    private readonly ConcurrentDictionary<string, IPAddress> _known = new();
    private readonly ConcurrentQueue<string> _asked = new();

    public IReadOnlyCollection<string> Asked => _asked;

    public void Tell(string name, string address) => _known[name] = IPAddress.Parse(address);

    public Task<NameAnswer> LookUpAsync(string name, CancellationToken cancellationToken)
    {
        _asked.Enqueue(name);
        return Task.FromResult(_known.TryGetValue(name, out var address)
            ? new NameAnswer(DnsStatus.Answered, [address], TimeSpan.FromMinutes(1))
            : new NameAnswer(DnsStatus.NoSuchName, [], TimeSpan.Zero));
    }
}
