namespace Sandbox.Agent.Gem;

/// <summary>The environment that needs nothing of the image.</summary>
internal sealed class SampleLibrary : IGemLibrary
{
    public Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([GuessTheNumber.EnvId]);

    public Task<IGemEnvironment?> TryMakeAsync(string envId, CancellationToken cancellationToken) =>
        Task.FromResult<IGemEnvironment?>(envId == GuessTheNumber.EnvId ? new GuessTheNumber() : null);
}
