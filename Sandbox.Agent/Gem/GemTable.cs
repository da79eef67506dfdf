namespace Sandbox.Agent.Gem;

/// <summary>The environment of this sandbox: one at a time, called by one caller at a time.</summary>
internal sealed class GemTable(IEnumerable<IGemLibrary> libraries) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private IGemEnvironment? _environment;

    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        var names = new List<string>();
        foreach (var library in libraries)
        {
            names.AddRange(await library.ListAsync(cancellationToken));
        }

        return names;
    }

    /// <summary>In the place of the one before.</summary>
    /// <exception cref="GemFailure">There is none of this name, or it cannot be made.</exception>
    public Task MakeAsync(string envId, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            Close();
            foreach (var library in libraries)
            {
                _environment = await library.TryMakeAsync(envId, cancellationToken);
                if (_environment is not null)
                {
                    return true;
                }
            }

            throw new GemFailure(
                $"There is no environment '{envId}' in this sandbox: its image has no Python with the package gem, which knows others.");
        },
        cancellationToken);

    /// <exception cref="GemFailure">None was made.</exception>
    public Task<T> UseAsync<T>(Func<IGemEnvironment, Task<T>> use, CancellationToken cancellationToken) => InTurnAsync(
        () => use(_environment ?? throw new GemFailure("No environment was made in this sandbox.")), cancellationToken);

    /// <exception cref="GemFailure">None was made.</exception>
    public Task CloseAsync(CancellationToken cancellationToken) => UseAsync(
        _ =>
        {
            Close();
            return Task.FromResult(true);
        },
        cancellationToken);

    public void Dispose()
    {
        Close();
        _turn.Dispose();
    }

    private void Close()
    {
        _environment?.Dispose();
        _environment = null;
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await act();
        }
        finally
        {
            _turn.Release();
        }
    }
}
