namespace Sandbox.Deployments.Networks;

/// <summary>How a question to a name server ended (RFC 1035, 4.1.1).</summary>
internal enum DnsStatus
{
    Answered = 0,
    ServerFailure = 2,
    NoSuchName = 3,
}
