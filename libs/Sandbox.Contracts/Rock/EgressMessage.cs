namespace Sandbox.Contracts.Rock;

/// <summary>What a sandbox may reach of that which the server lets sandboxes reach at all.</summary>
/// <param name="Allow">IPv4 networks (<c>203.0.113.0/24</c>), and names (<c>pypi.org</c>, <c>*.example.com</c>): nothing else is reached.
/// Null: everything; empty: nothing.</param>
/// <param name="Deny">IPv4 networks that are not reached, whatever is allowed.</param>
public sealed record EgressMessage(IReadOnlyList<string>? Allow = null, IReadOnlyList<string>? Deny = null);
