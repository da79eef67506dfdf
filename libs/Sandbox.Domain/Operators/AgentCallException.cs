using Sandbox.Domain.Errors;

namespace Sandbox.Domain.Operators;

/// <summary>A call that was opened (<see cref="IAgentGateway"/>) did not reach its agent, and it is known why: the sandbox
/// has stopped meanwhile, or its node is gone.</summary>
public class AgentCallException(SandboxError error, Exception? cause) : HttpRequestException(error.Text, cause)
{
    public SandboxError Error { get; } = error;
}
