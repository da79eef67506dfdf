namespace Sandbox.Agent.Native;

/// <summary>Why a program could not be started; <paramref name="Message"/> is meant for the one who asked.</summary>
internal sealed record SpawnError(SpawnFailure Kind, string Message)
{
    /// <summary>What a shell would exit with: 127 not found, 126 not executable; 125 for what is not about the program.</summary>
    internal int ShellCode => Kind switch
    {
        SpawnFailure.CommandNotFound => 127,
        SpawnFailure.NotExecutable => 126,
        _ => 125,
    };
}

internal enum SpawnFailure
{
    /// <summary>No such program on the PATH of the child (or no such file).</summary>
    CommandNotFound,

    /// <summary>The file is there, but cannot be run (permission, a folder, a wrong format).</summary>
    NotExecutable,

    /// <summary>The working folder does not exist or is no folder.</summary>
    BadWorkingFolder,

    /// <summary>Empty command, NUL in an argument, arguments too long, and the like.</summary>
    InvalidArgument,

    /// <summary>No such user, or the agent may not become it.</summary>
    UserUnavailable,

    /// <summary>No processes, descriptors, terminals or memory left in the sandbox.</summary>
    OutOfResources,
}
