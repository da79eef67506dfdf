using Sandbox.Client.Wire;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Client;

// Images made of sandboxes.
public sealed partial class SandboxClient
{
    /// <summary>A commit tells of no change, so it is asked again and again.</summary>
    private static readonly TimeSpan CommitPoll = TimeSpan.FromMilliseconds(500);

    /// <summary>Begins to make an image and returns at once; an image whose name has a registry is pushed there.</summary>
    public Task<CommitStatus> CommitAsync(
        SandboxId id, string image, string? username, string? password, CancellationToken cancellationToken) =>
        _rock.PostAsync(
            "commit", new CommitRequest(id.ToString(), image, username ?? "", password ?? ""), RockJson.Default.CommitRequest,
            RockJson.Default.CommitStatus, RockCalls.Short, cancellationToken);

    /// <summary>How far the last commit of the sandbox is.</summary>
    public Task<CommitStatus> CommitStatusAsync(SandboxId id, CancellationToken cancellationToken) =>
        _rock.GetAsync($"commit/{id}", RockJson.Default.CommitStatus, cancellationToken);

    /// <summary>Waits until the last commit of the sandbox has ended, well or not.</summary>
    public async Task<CommitStatus> WaitUntilCommittedAsync(SandboxId id, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            var status = await CommitStatusAsync(id, cancellationToken);
            if (status.Phase is not "RUNNING")
            {
                return status;
            }

            await Task.Delay(CommitPoll, time, cancellationToken);
        }
    }
}
