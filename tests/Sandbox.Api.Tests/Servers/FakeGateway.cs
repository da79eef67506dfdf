using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Servers;

/// <summary>Sends the calls of every running sandbox to the one agent of the test.</summary>
internal sealed class FakeGateway(ISandboxStore store) : IAgentGateway, IDisposable
{
    private readonly HttpMessageInvoker _invoker =
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false });
    private int _opened;
    private int _inFlight;

    /// <summary>Set by the test once its agent listens.</summary>
    public Uri? Agent { get; set; }

    /// <summary>Calls begun, which is what counts as activity.</summary>
    public int Opened => Volatile.Read(ref _opened);

    public int InFlight => Volatile.Read(ref _inFlight);

    public async ValueTask<Result<AgentCall>> OpenAsync(SandboxId id, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(id, cancellationToken);
        if (record is null or { State: SandboxState.Deleted })
        {
            return new SandboxError.NotFound(id.ToString());
        }

        if (record.State is not SandboxState.Running)
        {
            return new SandboxError.NotStarted(id, record.State.Name());
        }

        if (Agent is null)
        {
            return new SandboxError.AgentUnreachable(id, "its connection is gone");
        }

        Interlocked.Increment(ref _opened);
        Interlocked.Increment(ref _inFlight);
        return new AgentCall(_invoker, Agent, () => Interlocked.Decrement(ref _inFlight));
    }

    public void Dispose() => _invoker.Dispose();
}
