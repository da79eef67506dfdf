using System.Text.Json;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;

namespace Sandbox.Cli.Processes;

/// <summary>One JSON object per line as things happen; bytes in base64.</summary>
internal sealed class JsonOutput : IProcessOutput
{
    public void Started(string sandboxId, uint pid) => Write(new ProcessLine("start") { SandboxId = sandboxId, Pid = pid });

    public void Output(ReadOnlySpan<byte> bytes) => Write(new ProcessLine("stdout") { Data = bytes.ToArray() });

    public void Error(ReadOnlySpan<byte> bytes) => Write(new ProcessLine("stderr") { Data = bytes.ToArray() });

    public void Ended(string sandboxId, int exitCode, bool timedOut) =>
        Write(new ProcessLine("exit") { SandboxId = sandboxId, ExitCode = exitCode, TimedOut = timedOut });

    private static void Write(ProcessLine line) =>
        StandardStreams.WriteOutput([.. JsonSerializer.SerializeToUtf8Bytes(line, CliJson.Default.ProcessLine), (byte)'\n']);
}
