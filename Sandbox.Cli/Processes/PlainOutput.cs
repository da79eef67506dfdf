using Sandbox.Cli.Terminals;

namespace Sandbox.Cli.Processes;

/// <summary>Byte for byte as the command wrote it.</summary>
internal sealed class PlainOutput : IProcessOutput
{
    public void Started(string sandboxId, uint pid)
    {
    }

    public void Output(ReadOnlySpan<byte> bytes) => StandardStreams.WriteOutput(bytes);

    public void Error(ReadOnlySpan<byte> bytes) => StandardStreams.WriteError(bytes);

    public void Ended(string sandboxId, int exitCode, bool timedOut)
    {
    }
}
