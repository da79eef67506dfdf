using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sandbox.Agent.Native;

/// <summary>Starts programs with posix_spawn: no managed code runs between fork and exec. Safe for many callers at once.</summary>
internal sealed unsafe class Spawner(Reaper reaper)
{
    /// <summary>Bytes that the kernel takes in one argument or NAME=VALUE (MAX_ARG_STRLEN without the closing NUL).</summary>
    private const int LongestText = 131_071;

    internal bool TryStart(
        SpawnRequest request, [NotNullWhen(true)] out ChildProcess? child, [NotNullWhen(false)] out SpawnError? error)
    {
        child = null;
        error = Check(request);
        if (error is not null || !ProgramPath.TryFind(request, out var path, out error))
        {
            return false;
        }

        var argv = new List<string> { request.Command };
        argv.AddRange(request.Arguments);
        if (request.RunAs is { } account && account.User != Libc.GetEffectiveUser())
        {
            (path, argv) = AccountLauncher.Wrap(account, path, argv);
        }

        using var descriptors = SpawnDescriptors.TryOpen(request);
        if (descriptors is null)
        {
            error = new SpawnError(SpawnFailure.OutOfResources, "No descriptors or terminals are left in the sandbox.");
            return false;
        }

        return TrySpawn(request, path, argv, descriptors, out child, out error);
    }

    private static SpawnError? Check(SpawnRequest request)
    {
        if (request.Command.Length == 0)
        {
            return new SpawnError(SpawnFailure.InvalidArgument, "The command is empty.");
        }

        var texts = request.Arguments.Append(request.Command).Append(request.WorkingFolder)
            .Concat(request.Env.Keys).Concat(request.Env.Values);
        if (texts.Any(text => text.Contains('\0')))
        {
            return new SpawnError(SpawnFailure.InvalidArgument, "A command, an argument, a variable or a path holds a NUL character.");
        }

        if (TooLong(request) is { } tooLong)
        {
            return new SpawnError(SpawnFailure.InvalidArgument, $"{tooLong} is longer than {LongestText} bytes, which the kernel refuses.");
        }

        if (request.Env.Keys.FirstOrDefault(key => key.Length == 0 || key.Contains('=')) is { } key)
        {
            return new SpawnError(SpawnFailure.InvalidArgument, $"'{key}' cannot be the name of a variable.");
        }

        if (!Directory.Exists(request.WorkingFolder))
        {
            return new SpawnError(SpawnFailure.BadWorkingFolder, $"cwd '{request.WorkingFolder}' does not exist");
        }

        return request.RunAs is { } account && account.User != Libc.GetEffectiveUser() && Libc.GetEffectiveUser() != 0
            ? new SpawnError(
                SpawnFailure.UserUnavailable, $"The sandbox does not run as root, so it cannot run a command as '{account.Name}'.")
            : null;
    }

    private static string? TooLong(SpawnRequest request)
    {
        var argument = request.Arguments.ToList().FindIndex(text => Encoding.UTF8.GetByteCount(text) > LongestText);
        var variable = request.Env.FirstOrDefault(
            pair => Encoding.UTF8.GetByteCount(pair.Key) + 1 + Encoding.UTF8.GetByteCount(pair.Value) > LongestText).Key;
        return argument >= 0 ? $"Argument {argument + 1} of {request.Command}"
            : variable is not null ? $"The variable {variable} with its name"
            : Encoding.UTF8.GetByteCount(request.Command) > LongestText ? "The command" : null;
    }

    private bool TrySpawn(
        SpawnRequest request, string path, List<string> argv, SpawnDescriptors descriptors,
        [NotNullWhen(true)] out ChildProcess? child, [NotNullWhen(false)] out SpawnError? error)
    {
        child = null;
        reaper.Starting();
        try
        {
            var failure = Spawn(request, path, argv, descriptors, out var pid);
            if (failure == Errno.ENOEXEC)
            {
                // A script without a first line that names its interpreter: what every shell does with it.
                failure = Spawn(request, "/bin/sh", ["/bin/sh", path, .. argv.Skip(1)], descriptors, out pid);
            }

            error = failure == 0 ? null : Describe(request, failure);
            child = failure == 0 ? new ChildProcess(reaper, pid, descriptors.TakeStreams()) : null;
        }
        finally
        {
            reaper.Started(child);
        }

        return error is null;
    }

    private static int Spawn(SpawnRequest request, string path, List<string> argv, SpawnDescriptors descriptors, out int pid)
    {
        using var plan = descriptors.Plan(request.WorkingFolder);
        using var file = new NativeStrings([path]);
        using var arguments = new NativeStrings(argv);
        using var environment = NativeStrings.Environment(request.Env);
        int started;
        var failure = Libc.PosixSpawn(&started, file.Pointers[0], plan.Actions, plan.Attributes, arguments.Pointers, environment.Pointers);
        pid = started;
        return failure;
    }

    private static SpawnError Describe(SpawnRequest request, int failure) => failure switch
    {
        // The file was there a moment ago, so it is its interpreter or loader that is missing.
        Errno.ENOENT => new SpawnError(SpawnFailure.CommandNotFound, $"{request.Command}: its interpreter or loader is not in the sandbox"),
        Errno.EACCES or Errno.EPERM => new SpawnError(SpawnFailure.NotExecutable, $"{request.Command}: permission denied"),
        Errno.ENOEXEC => new SpawnError(SpawnFailure.NotExecutable, $"{request.Command}: cannot be executed: wrong format"),
        Errno.E2BIG => new SpawnError(
            SpawnFailure.InvalidArgument, $"{request.Command}: its arguments and variables are together larger than the kernel takes"),
        Errno.EAGAIN or Errno.ENOMEM or Errno.EMFILE or Errno.ENFILE =>
            new SpawnError(SpawnFailure.OutOfResources, $"{request.Command}: no processes or memory are left in the sandbox"),
        _ => new SpawnError(SpawnFailure.NotExecutable, $"{request.Command}: cannot be executed (error {failure})"),
    };
}
