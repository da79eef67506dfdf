using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;

namespace Sandbox.Domain.Operators;

/// <summary>The gateway to the agent inside a sandbox: in the same process over its socket, in a cluster through its worker.</summary>
public interface IAgentGateway
{
    /// <summary>The agent of a running sandbox: answered from memory where it is known, else from the record
    /// (<see cref="SandboxError.NotFound"/>, <see cref="SandboxError.NotStarted"/>, <see cref="SandboxError.AgentUnreachable"/>).
    /// Every call counts as activity; dispose the call when it has ended, so that a long one is known to be in flight.</summary>
    ValueTask<Result<AgentCall>> OpenAsync(SandboxId id, CancellationToken cancellationToken);
}

/// <summary>One use of an agent.</summary>
/// <param name="invoker">Sends to the agent; safe for many calls at once; not owned.</param>
/// <param name="baseAddress">Prefix of the agent's routes (see <c>AgentRoutes</c>).</param>
public sealed class AgentCall(HttpMessageInvoker invoker, Uri baseAddress, Action ended) : IDisposable
{
    private Action? _ended = ended;

    public HttpMessageInvoker Invoker { get; } = invoker;

    public Uri BaseAddress { get; } = baseAddress;

    public void Dispose() => Interlocked.Exchange(ref _ended, null)?.Invoke();
}
