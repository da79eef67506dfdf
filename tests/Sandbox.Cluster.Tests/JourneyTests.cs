namespace Sandbox.Cluster.Tests;

[Collection(nameof(SharedClusterCollection))]
public sealed class JourneyTests(ClusterFixture fixture) : JourneyContract(fixture);

/// <summary>The same where there never was a Redis: statuses come from the records, and wake-ups by Postgres.</summary>
public sealed class JourneyWithoutRedisTests(ClusterWithoutRedisFixture fixture) : JourneyContract(fixture),
IClassFixture<ClusterWithoutRedisFixture>;
