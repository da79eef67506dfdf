using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Gem;

/// <summary>An environment of reinforcement learning, as GEM and Gymnasium have them. It is called by one caller at a time; disposing
/// ends it.</summary>
internal interface IGemEnvironment : IDisposable
{
    /// <summary>Begins an episode.</summary>
    /// <param name="seed">Null: any.</param>
    /// <exception cref="GemFailure">It cannot.</exception>
    Task<GemObservation> ResetAsync(int? seed, CancellationToken cancellationToken);

    /// <exception cref="GemFailure">It cannot, for example because no episode has begun.</exception>
    Task<GemStep> StepAsync(string action, CancellationToken cancellationToken);
}
