namespace Sandbox.Deployments.Networks;

/// <summary>Rules for a part of what a <see cref="FirewallChain"/> sees, looked at before the chain's own: what none of them ends goes on
/// to those.</summary>
/// <param name="Name">Stands behind the chain's name and a hyphen.</param>
/// <param name="Match">Which packets it is for.</param>
/// <param name="Rules">What stands behind <c>-A NAME</c>, in order.</param>
internal sealed record FirewallBranch(string Name, string Match, IReadOnlyList<string> Rules);
