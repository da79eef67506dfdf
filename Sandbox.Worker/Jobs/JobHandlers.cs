using Sandbox.Contracts.Jobs;
using Sandbox.Worker.Archives;

namespace Sandbox.Worker.Jobs;

/// <summary>Who does which kind of job.</summary>
internal sealed class JobHandlers(StartSandboxJob start, RestartSandboxJob restart, StopSandboxJob stop, RemoveSandboxJob remove, ArchiveJobs archives)
{
    public Task RunAsync(SandboxJob job, CancellationToken cancellationToken) => job switch
    {
        StartSandbox asked => start.RunAsync(asked, cancellationToken),
        RestartSandbox asked => restart.RunAsync(asked, cancellationToken),
        StopSandbox asked => stop.RunAsync(asked, cancellationToken),
        RemoveSandbox asked => remove.RunAsync(asked, cancellationToken),
        _ => archives.RunAsync(job, cancellationToken),
    };
}
