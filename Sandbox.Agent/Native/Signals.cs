namespace Sandbox.Agent.Native;

/// <summary>Signal numbers of Linux (the same on x64 and arm64).</summary>
internal static class Signals
{
    internal const int Hangup = 1;
    internal const int Interrupt = 2;
    internal const int Quit = 3;
    internal const int Kill = 9;
    internal const int Pipe = 13;
    internal const int Terminate = 15;
    internal const int Child = 17;
    internal const int Continue = 18;

    private static readonly string?[] Texts =
    [
        null, "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error",
        "floating point exception", "killed", "user defined signal 1", "segmentation fault", "user defined signal 2",
        "broken pipe", "alarm clock", "terminated", "stack fault", null, null, null, null, null, null, null,
        "CPU time limit exceeded", "file size limit exceeded",
    ];

    /// <summary>The field's words: <c>killed</c>, <c>terminated</c>, …; <c>signal 40</c> for the nameless.</summary>
    internal static string Describe(int signal) =>
        signal > 0 && signal < Texts.Length && Texts[signal] is { } text ? text : $"signal {signal}";
}
