namespace Sandbox.Cli.Commands;

/// <summary><c>--file LOCAL:PATH</c>.</summary>
internal sealed record LocalUpload(string Local, string Path)
{
    public static LocalUpload Parse(string given)
    {
        // The last colon that a path follows: local names may hold colons too.
        var colon = given.LastIndexOf(':');
        if (colon <= 0 || colon == given.Length - 1)
        {
            throw new CliException($"--file takes LOCAL:PATH, not '{given}'", ExitCodes.Usage);
        }

        var local = given[..colon];
        return File.Exists(local) || Directory.Exists(local)
            ? new LocalUpload(local, given[(colon + 1)..])
            : throw new CliException($"there is no file {local}");
    }
}
