using Sandbox.Domain.Errors;

namespace Sandbox.Api.Ports;

/// <summary>Why a request did not come to an answer of a program inside a sandbox.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Error">The sandbox could not be reached at all; null: it is about its program.</param>
internal sealed record PortFailure(int Status, string Reason, SandboxError? Error = null)
{
    /// <summary>Nothing listens on the port.</summary>
    public bool IsClosed { get; init; }
}
