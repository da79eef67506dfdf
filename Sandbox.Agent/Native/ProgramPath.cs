using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Agent.Native;

/// <summary>Finds the file of a command as a shell does, on the PATH of the child and from its working folder.</summary>
internal static class ProgramPath
{
    internal const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private const int Executable = 1;

    internal static bool TryFind(
        SpawnRequest request, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out SpawnError? error)
    {
        var refused = false;
        foreach (var candidate in Candidates(request))
        {
            if (File.Exists(candidate))
            {
                if (Libc.Access(candidate, Executable) == 0)
                {
                    (path, error) = (candidate, null);
                    return true;
                }

                refused = true;
            }
            else if (request.Command.Contains('/') && Directory.Exists(candidate))
            {
                (path, error) = (null, new SpawnError(SpawnFailure.NotExecutable, $"{request.Command}: is a directory"));
                return false;
            }
        }

        path = null;
        error = refused
            ? new SpawnError(SpawnFailure.NotExecutable, $"{request.Command}: permission denied")
            : new SpawnError(SpawnFailure.CommandNotFound, $"{request.Command}: command not found");
        return false;
    }

    private static IEnumerable<string> Candidates(SpawnRequest request)
    {
        if (request.Command.Contains('/'))
        {
            return [Path.Combine(request.WorkingFolder, request.Command)];
        }

        var path = request.Env.GetValueOrDefault("PATH", DefaultPath);
        // An empty entry means the working folder.
        return path.Split(':').Select(folder => Path.Combine(request.WorkingFolder, folder, request.Command));
    }
}
