namespace Sandbox.Attacks.Tests;

/// <summary>The classes of attacks share one cluster and run one after another: <c>[Collection(nameof(AttackCollection))]</c>.</summary>
[CollectionDefinition(nameof(AttackCollection))]
public sealed class AttackCollection : ICollectionFixture<AttackedCluster>;
