using System.Net;

namespace Sandbox.Deployments.Networks;

/// <summary>Asks the machine's name servers for the IPv4 addresses of names.</summary>
internal interface INameLookup
{
    Task<NameAnswer> LookUpAsync(string name, CancellationToken cancellationToken);
}

/// <param name="ValidFor">As the name's owner says.</param>
internal sealed record NameAnswer(DnsStatus Status, IReadOnlyList<IPAddress> Addresses, TimeSpan ValidFor)
{
    public static NameAnswer Failed { get; } = new(DnsStatus.ServerFailure, [], TimeSpan.Zero);
}
