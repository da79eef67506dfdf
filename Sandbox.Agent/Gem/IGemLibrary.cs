namespace Sandbox.Agent.Gem;

/// <summary>Where environments come from: a further kind of them is a further implementation.</summary>
internal interface IGemLibrary
{
    /// <summary>The names that it knows here; empty where the image does not have what it needs.</summary>
    Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Null: it knows no environment of this name.</summary>
    /// <exception cref="GemFailure">It knows it and cannot make it.</exception>
    Task<IGemEnvironment?> TryMakeAsync(string envId, CancellationToken cancellationToken);
}
