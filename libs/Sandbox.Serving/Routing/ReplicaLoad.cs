namespace Sandbox.Serving.Routing;

/// <summary>A replica as the choice sees it.</summary>
/// <param name="Hash">Of its id, see <see cref="AffinityKey.HashOf"/>.</param>
/// <param name="Outstanding">Requests that it has not ended.</param>
internal readonly record struct ReplicaLoad(ulong Hash, int Outstanding);
