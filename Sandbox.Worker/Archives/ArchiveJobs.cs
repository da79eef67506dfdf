using System.Diagnostics;
using Sandbox.Contracts.Jobs;

namespace Sandbox.Worker.Archives;

/// <summary>The jobs of this room.</summary>
internal sealed class ArchiveJobs(ArchiveSandboxJob archive, RestoreSandboxJob restore, DiscardArchiveJob discard, CommitSandboxJob commit)
{
    public Task RunAsync(SandboxJob job, CancellationToken cancellationToken) => job switch
    {
        ArchiveSandbox asked => archive.RunAsync(asked, cancellationToken),
        RestoreSandbox asked => restore.RunAsync(asked, cancellationToken),
        DiscardArchive asked => discard.RunAsync(asked, cancellationToken),
        CommitSandbox asked => commit.RunAsync(asked, cancellationToken),
        _ => throw new UnreachableException(job.GetType().Name),
    };
}
