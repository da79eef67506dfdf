using System.Net;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// What the engine could not or would not do, in one sentence for people. Thrown by the engine classes of this folder for whatever is
/// not one of a verb's own outcomes; <see cref="Status"/> is null when the engine did not answer at all.
/// </summary>
internal sealed class EngineException(string message, HttpStatusCode? status, Exception? inner) : Exception(message, inner)
{
    public HttpStatusCode? Status { get; } = status;

    /// <summary>The engine did not answer: nothing is known about what it has, or has not, done.</summary>
    public bool Unreachable => Status is null;
}
