using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Worker.Archives;

namespace Sandbox.Worker.Jobs;

/// <summary>Who does which kind of job.</summary>
internal sealed class JobHandlers(StartSandboxJob start, RestartSandboxJob restart, StopSandboxJob stop, RemoveSandboxJob remove, ArchiveJobs archives)
{
    public Task RunAsync(ClaimedJob claimed, CancellationToken cancellationToken) => claimed.Job switch
    {
        StartSandbox asked => start.RunAsync(asked, claimed, cancellationToken),
        RestartSandbox asked => restart.RunAsync(asked, claimed, cancellationToken),
        StopSandbox asked => stop.RunAsync(asked, cancellationToken),
        RemoveSandbox asked => remove.RunAsync(asked, cancellationToken),
        _ => archives.RunAsync(claimed, cancellationToken),
    };
}
