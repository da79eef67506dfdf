namespace Sandbox.Agent.Native;

/// <summary>How a process ended: by itself with a code, or by a signal (then <see cref="Signal"/> is not 0).</summary>
/// <param name="Code">0 to 255; meaningless when a signal ended it.</param>
internal readonly record struct ExitStatus(int Code, int Signal)
{
    /// <summary>The number a shell would show: the code, or 128 + signal.</summary>
    internal int ShellCode => Signal == 0 ? Code : 128 + Signal;
}
