using Sandbox.Client;

namespace Sandbox.Chaos.Histories;

/// <summary>
/// What a failed call proves. Only a reason that is known to be given before anything is done counts as a refusal; whatever
/// else fails leaves open whether it was done.
/// </summary>
public static class Answers
{
    private static readonly string[] Refusals =
    [
        "already exists.", " not found.", "is not possible now.", "is not started (", "changed meanwhile; read it again.",
        "Docker is not available.", "No capacity: ", "The quota of ", "invalid parameter",
    ];

    public static Answer Of(Exception exception) =>
        exception is SandboxClientException refused
            && refused.Code is not (SandboxClientException.Unreachable or SandboxClientException.TimedOut)
            && Refusals.Any(text => refused.Text.Contains(text, StringComparison.Ordinal))
            ? Answer.Refused
            : Answer.Unknown;
}
