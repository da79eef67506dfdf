namespace Sandbox.Api.Auth;

/// <summary>Whether a request may come in.</summary>
internal abstract record Admission
{
    private Admission()
    {
    }

    public sealed record Admitted(Caller Caller) : Admission;

    /// <param name="Message">One word for programs.</param>
    /// <param name="Text">One sentence for people.</param>
    public sealed record Refused(int Status, string Message, string Text) : Admission;
}
