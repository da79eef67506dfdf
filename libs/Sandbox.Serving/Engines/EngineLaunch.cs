using System.Collections.Immutable;
using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Engines;

/// <summary>How an engine's process is started: what its configuration comes to.</summary>
public sealed record EngineLaunch
{
    /// <summary>The name under which clients ask for the model.</summary>
    public required string Model { get; init; }

    /// <summary>The program and its arguments, each one word of the argument vector. No secret is among them.</summary>
    public required ImmutableArray<string> Arguments { get; init; }

    /// <summary>The port on which it listens.</summary>
    public required int Port { get; init; }

    /// <summary>What its environment has beside that of its sandbox.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Variables of its environment that nobody may see elsewhere.</summary>
    public ImmutableSortedDictionary<string, Secret> Secrets { get; init; } = ImmutableSortedDictionary<string, Secret>.Empty;

    /// <summary>The key that its routes ask for, as a bearer token; null for none. It is one of the secrets, too.</summary>
    public Secret? ApiKey { get; init; }

    /// <summary>The image of its sandbox; null for the program that is installed.</summary>
    public string? Image { get; init; }

    /// <summary>Over how many GPUs the model is spread.</summary>
    public int TensorParallelSize { get; init; } = 1;

    /// <summary>It takes no GPU.</summary>
    public bool UseCpu { get; init; }

    /// <summary>A command that is run in its sandbox, with the same environment, once its server answers and before it is ready: one
    /// that brings its model. Empty for none.</summary>
    public ImmutableArray<string> AfterStart { get; init; } = [];

    /// <summary>What was asked and has no effect, for the log.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];
}
