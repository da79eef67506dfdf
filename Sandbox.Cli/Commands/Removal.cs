using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary>Stops and deletes. Signals do not stop it half-way; time does.</summary>
internal static class Removal
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task RemoveAsync(SandboxClient client, SandboxId id)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await client.StopAsync(id, limit.Token);
            await client.DeleteAsync(id, limit.Token);
        }
        catch (Exception exception) when (exception is SandboxClientException or OperationCanceledException)
        {
            StandardStreams.WriteErrorLine($"sandbox: could not remove {id}: {exception.Message}");
        }
    }
}
