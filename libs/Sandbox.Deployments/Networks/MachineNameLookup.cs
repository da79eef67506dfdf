using DnsClient;
using DnsClient.Protocol;

namespace Sandbox.Deployments.Networks;

/// <summary>By the name servers that this machine uses itself, those on its loopback included.</summary>
internal sealed class MachineNameLookup : INameLookup
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lazy<LookupClient> _client = new(() => new LookupClient(
        new LookupClientOptions([.. NameServer.ResolveNameServers(skipIPv6SiteLocal: true, fallbackToGooglePublicDns: false)])
        {
            // It is remembered with the sandbox that asked.
            UseCache = false,
            Timeout = Patience,
            Retries = 1,
            ThrowDnsErrors = false,
        }));

    public async Task<NameAnswer> LookUpAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _client.Value.QueryAsync(name, QueryType.A, QueryClass.IN, cancellationToken);
            return answer.Header.ResponseCode switch
            {
                DnsHeaderResponseCode.NoError => new NameAnswer(
                    DnsStatus.Answered,
                    [.. answer.Answers.OfType<ARecord>().Select(record => record.Address).Take(DnsQuestion.MostAddresses)],
                    TimeSpan.FromSeconds(answer.Answers.Select(record => record.InitialTimeToLive).DefaultIfEmpty(0).Min())),
                DnsHeaderResponseCode.NotExistentDomain => new NameAnswer(DnsStatus.NoSuchName, [], TimeSpan.Zero),
                _ => NameAnswer.Failed,
            };
        }
        catch (Exception exception) when (exception is DnsResponseException or InvalidOperationException or ArgumentException)
        {
            // No server answered, none is configured, or the name is none of DNS.
            return NameAnswer.Failed;
        }
    }
}
