using Sandbox.Contracts.Rollouts;

namespace Sandbox.Client;

/// <summary>The server refused a call, or could not be asked.</summary>
/// <param name="code">
/// ROCK's code as text (<c>4000</c> bad request, <c>5000</c> internal, <c>6000</c> command), a Connect code of the envd
/// protocol (<c>not_found</c> …), <c>failed</c> where the server gave none, <c>http_NNN</c> for a bare HTTP status,
/// <c>unreachable</c> when nothing answers, <c>timeout</c>, or <c>bad_answer</c> for what cannot be understood.
/// </param>
/// <param name="text">One sentence for people.</param>
public sealed class SandboxClientException(string code, string text, Exception? inner = null) : Exception(text, inner)
{
    public const string Failed = "failed";
    public const string Unreachable = "unreachable";
    public const string TimedOut = "timeout";
    public const string BadAnswer = "bad_answer";

    public string Code { get; } = code;

    /// <summary>A run of a checkpoint needs a consent: what it would do, and the request that was filed. Else null.</summary>
    public ApprovalInfoResult? ApprovalInfo { get; init; }

    public string Text => Message;
}
