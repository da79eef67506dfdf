namespace Sandbox.Api.Serving;

/// <summary>An agent did not do what it was asked about a process.</summary>
/// <param name="code">Of the Connect protocol, for example <c>not_found</c>.</param>
internal sealed class ProcessRefusedException(string code, string message) : IOException(message)
{
    public string Code { get; } = code;
}
