using Sandbox.Testing;

namespace AppHost.Tests;

/// <summary>The volumes of a test's stack, which go with the test.</summary>
internal sealed class StackVolumes(string stack) : IAsyncDisposable
{
    private readonly string[] _names = [$"sandbox-{stack}-postgres", $"sandbox-{stack}-redis"];

    /// <summary>Names of the containers that use one.</summary>
    public async Task<IReadOnlyList<string>> UsersAsync()
    {
        List<string> users = [];
        foreach (var name in _names)
        {
            var filters = Uri.EscapeDataString($$"""{"volume":["{{name}}"]}""");
            var listed = await DockerEngine.GetAsync($"containers/json?all=1&filters={filters}", CancellationToken.None);
            users.AddRange(listed!.AsArray().Select(container => (string)container!["Names"]![0]!));
        }

        return users;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _names)
        {
            await DockerEngine.DeleteAsync($"volumes/{name}", CancellationToken.None);
        }
    }
}
