using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage;

/// <summary>Records below the live entries and the wake-ups.</summary>
internal interface IRecordStore : ISandboxStore
{
    /// <summary>As <see cref="ISandboxStore.TryTransitionAsync"/>; the record as it was written, with the facts that others updated
    /// meanwhile. Null: it was not.</summary>
    Task<SandboxInstance?> TransitionAsync(SandboxTransition transition, CancellationToken cancellationToken);
}
