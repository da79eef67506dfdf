namespace Sandbox.Contracts.Rock;

/// <summary>Body of <c>POST /warmup/tasks</c>.</summary>
public sealed record WarmupRequest(string Image)
{
    /// <summary>What ROCK pulls where no image is named.</summary>
    public const string DefaultImage = "python:3.11";
}
