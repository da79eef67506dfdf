namespace Sandbox.Testing.Routes;

/// <summary>What a route says of itself in a matrix of callers.</summary>
/// <param name="Route">Method and pattern as mapped (<c>GET /x/{id}</c>; <c>*</c> for any method), or the name of a route
/// without an endpoint.</param>
/// <param name="Names">What a request of it names.</param>
/// <param name="Ask">A well-formed request about a sandbox of this id.</param>
public sealed record RouteRow(string Route, Named Names, Func<string, HttpRequestMessage> Ask)
{
    /// <summary>Its answer is the same for a sandbox that is there and one that is not (a stop of what is gone is a success):
    /// that it reaches its owner's sandbox then shows in the record.</summary>
    public bool AnswersAlike { get; init; }

    /// <summary>What the owner asks first, so that there is something to be found; null: that the sandbox is there is enough.</summary>
    public Func<string, HttpRequestMessage>? Before { get; init; }

    public override string ToString() => Route;
}

public enum Named
{
    /// <summary>Nothing of any tenant's.</summary>
    Nothing,

    /// <summary>One sandbox.</summary>
    Sandbox,

    /// <summary>Many sandboxes; the answer is about those that the caller may see.</summary>
    Sandboxes,

    /// <summary>A sandbox that is to be made; ids are one for all tenants.</summary>
    NewSandbox,

    /// <summary>What only admins manage.</summary>
    Cluster,

    /// <summary>What only callers may do whose keys carry a permission.</summary>
    Rollout,
}
