namespace Sandbox.Cli;

/// <summary>Ends the program with one line on standard error.</summary>
internal sealed class CliException(string text, int exitCode = ExitCodes.Failure) : Exception(text)
{
    public int ExitCode { get; } = exitCode;
}

internal static class ExitCodes
{
    public const int Failure = 1;
    public const int Usage = 2;

    /// <summary>As <c>timeout(1)</c>.</summary>
    public const int TimedOut = 124;

    /// <summary>As <c>docker run</c> and <c>docker exec</c>: we failed, and the command inside did not end by itself.</summary>
    public const int OwnFailure = 125;

    /// <summary>As a shell: found, but it cannot be run.</summary>
    public const int NotExecutable = 126;

    /// <summary>As a shell: there is no such command.</summary>
    public const int NotFound = 127;

    public const int Interrupted = 130;

    /// <summary>The reader of our output went away.</summary>
    public const int BrokenPipe = 141;

    /// <summary>As a shell: ended by a signal.</summary>
    public static int OfSignal(int signal) => 128 + signal;
}
