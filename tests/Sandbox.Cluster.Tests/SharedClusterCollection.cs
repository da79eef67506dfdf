namespace Sandbox.Cluster.Tests;

/// <summary>Tests that use one cluster, one after the other, and harm none of its processes.</summary>
[CollectionDefinition(nameof(SharedClusterCollection))]
public sealed class SharedClusterCollection : ICollectionFixture<ClusterFixture>;
