namespace Sandbox.Api.Auth;

/// <summary>Whether a request may come in.</summary>
internal abstract record AuthenticationResult
{
    private AuthenticationResult()
    {
    }

    public sealed record Admitted(Caller Caller) : AuthenticationResult;

    /// <param name="Message">One word for programs.</param>
    /// <param name="Text">One sentence for people.</param>
    public sealed record Refused(int Status, string Message, string Text) : AuthenticationResult;
}
