using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>What a worker needs beside the head's address: a token with which it joins. Asked once for each, by its name.</summary>
public delegate Task<ImmutableSortedDictionary<string, string>> WorkerVariables(string worker, CancellationToken cancellationToken);
