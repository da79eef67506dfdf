namespace Sandbox.Cli.Processes;

/// <summary>Where the output of a command inside a sandbox goes. Writing blocks while the reader is slow, and so does
/// the command.</summary>
internal interface IProcessOutput
{
    void Started(string sandboxId, uint pid);

    void Output(ReadOnlySpan<byte> bytes);

    void Error(ReadOnlySpan<byte> bytes);

    void Ended(string sandboxId, int exitCode, bool timedOut);
}
