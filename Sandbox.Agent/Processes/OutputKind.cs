namespace Sandbox.Agent.Processes;

internal enum OutputKind : byte
{
    Stdout,
    Stderr,
    Terminal,
}
