namespace Sandbox.Deployments.Tools;

/// <summary>
/// The programs of this machine (find, tar, xfs_quota): the one interface through which the worker runs them. No shell reads the
/// arguments. Tests replay what programs answered that this machine, or its kernel, does not have.
/// </summary>
internal interface IHostTools
{
    /// <summary>Runs one to its end.</summary>
    /// <param name="input">Written to it; null: nothing.</param>
    /// <param name="output">Takes what it writes.</param>
    Task<ToolOutcome> RunAsync(
        string program, IReadOnlyList<string> arguments, Stream? input, Stream output, CancellationToken cancellationToken);
}

/// <param name="ExitCode">Null: it could not be run.</param>
/// <param name="Complaint">The beginning of what it wrote to standard error, or why it could not be run.</param>
internal sealed record ToolOutcome(string Program, int? ExitCode, string Complaint)
{
    public bool Succeeded => ExitCode is 0;

    /// <summary>How it failed, in words.</summary>
    public string Failure => ExitCode is { } code ? $"{Program} ended with {code}: {Complaint}" : $"{Program} cannot be run: {Complaint}";
}
