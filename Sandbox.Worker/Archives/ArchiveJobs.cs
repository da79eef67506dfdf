using System.Diagnostics;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;

namespace Sandbox.Worker.Archives;

/// <summary>The jobs of this room.</summary>
internal sealed class ArchiveJobs(ArchiveSandboxJob archive, RestoreSandboxJob restore, DiscardArchiveJob discard, CommitSandboxJob commit)
{
    public Task RunAsync(ClaimedJob claimed, CancellationToken cancellationToken) => claimed.Job switch
    {
        ArchiveSandbox asked => archive.RunAsync(asked, claimed, cancellationToken),
        RestoreSandbox asked => restore.RunAsync(asked, claimed, cancellationToken),
        DiscardArchive asked => discard.RunAsync(asked, cancellationToken),
        CommitSandbox asked => commit.RunAsync(asked, cancellationToken),
        var job => throw new UnreachableException(job.GetType().Name),
    };
}
