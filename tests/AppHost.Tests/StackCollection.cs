namespace AppHost.Tests;

/// <summary>The tests that start whole stacks, one after the other: each is some thirty processes that all begin at once.</summary>
[CollectionDefinition(nameof(StackCollection))]
public sealed class StackCollection;
