namespace Sandbox.Node.Jobs;

/// <summary>What came of an attempt to start a sandbox.</summary>
internal enum StartOutcome
{
    Alive,

    /// <summary>The record says why.</summary>
    Failed,

    /// <summary>The record moved on meanwhile: whatever was started is not wanted any more.</summary>
    Unwanted,
}
