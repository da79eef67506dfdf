namespace Sandbox.Api.Http;

/// <summary>Why a body was not read.</summary>
internal enum BodyProblem
{
    /// <summary>It is larger than the limit.</summary>
    TooLarge,

    /// <summary>It did not arrive within <see cref="BodyBuffer.Longest"/>.</summary>
    TooSlow,

    /// <summary>There is no room for it now (<see cref="BufferBudget"/>).</summary>
    Overloaded,
}
