using System.Globalization;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Local;

/// <summary>
/// The kernel's limits on each process of a Local sandbox, which need no right of ours: no core dumps, no real-time priority, and where
/// this server is not root as many processes as the sandbox may have (root's own are not counted). They are set inside, so that what
/// is counted is the user of the sandbox's own namespace and not the server's.
/// </summary>
internal static class ProcessLimits
{
    private const string Program = "/usr/bin/prlimit";

    /// <summary>Whether the number of processes is bounded by it.</summary>
    public static bool CountsProcesses => IsThere && !System.Environment.IsPrivilegedProcess;

    private static bool IsThere => File.Exists(Program);

    /// <summary>What stands before a command to run it with these limits; nothing where the program is missing.</summary>
    public static IReadOnlyList<string> Before(SandboxSpec spec) => IsThere
        ? [Program, "--core=0", "--rtprio=0", $"--nproc={spec.PidsLimit.ToString(CultureInfo.InvariantCulture)}", "--"]
        : [];
}
