using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;
using Sandbox.Node.Agents;

namespace Sandbox.Deployments.Local;

/// <summary>Starts the agent of a Local sandbox so that it outlives this server, and so that its identity is on disk before
/// it does anything: a crash in between leaves nothing that cannot be found.</summary>
internal sealed class LocalLaunch(
    SandboxFolders folders, AgentProgram program, LocalNetwork network, IOptions<WorkerOptions> options)
{
    /// <summary>Environment entry by which stray processes of a sandbox without isolation are found.</summary>
    public const string Mark = "SANDBOX_INCARNATION";

    private const string Shell = """
        pid=$1 info=$2 log=$3 filter=$4 groups=$5; shift 5
        cut -d' ' -f1,22 "/proc/$$/stat" >"$pid.new" && mv "$pid.new" "$pid" || exit 125
        exec </dev/null >"$log" 2>&1 3>"$info"
        for group in $groups; do echo $$ >"$group/cgroup.procs" || exit 125; done
        [ -z "$filter" ] || exec 5<"$filter"
        command -v setsid >/dev/null && exec setsid "$@"
        exec "$@"
        """;

    /// <summary>Whether there is a program to start.</summary>
    public bool HasAgent => program.Find(seenAt: null) is not null;

    /// <param name="walls">Null: without isolation.</param>
    /// <param name="hasNetwork">It gets a network of its own with a way out; needs isolation.</param>
    /// <param name="groups">Folders of the control groups that it joins.</param>
    public System.Diagnostics.Process Start(
        SandboxInstance sandbox, LocalFolder folder, Bubblewrap.IsolationSettings? walls, bool hasNetwork, IReadOnlyList<string> groups)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            // All three, so that our own terminal is never lent to it; the shell replaces them at once.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Home,
        };
        SetEnvironment(start.Environment, sandbox, walls is null ? folder.Home : Bubblewrap.Home);
        if (walls is not null)
        {
            File.WriteAllBytes(folder.FilterFile, SystemCallFilter.Program);
        }

        foreach (var argument in (string[])["-c", Shell, "sh", folder.PidFile, folder.InfoFile, folder.LogFile,
            walls is null ? "" : folder.FilterFile, string.Join(' ', groups),
            .. hasNetwork ? network.Around(folder) : [], .. CommandLine(sandbox, folder, walls, hasNetwork)])
        {
            start.ArgumentList.Add(argument);
        }

        File.Delete(folder.PidFile);
        File.Delete(folder.InfoFile);
        OpenFiles.KeepFromChildren();
        var process = System.Diagnostics.Process.Start(start) ?? throw new InvalidOperationException("The shell was not started.");
        process.StandardInput.Close();
        process.StandardOutput.Close();
        process.StandardError.Close();
        return process;
    }

    private static void SetEnvironment(IDictionary<string, string?> environment, SandboxInstance sandbox, string home)
    {
        environment.Clear();
        environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        environment["LANG"] = "C.UTF-8";
        environment["TERM"] = "xterm-256color";
        environment["HOME"] = home;
        environment[Mark] = sandbox.Incarnation.ToString();
    }

    private IReadOnlyList<string> CommandLine(
        SandboxInstance sandbox, LocalFolder folder, Bubblewrap.IsolationSettings? walls, bool hasNetwork)
    {
        var agent = program.Find(walls is null ? null : AgentRoutes.BinaryFolderInSandbox)
            ?? throw new InvalidOperationException("There is no agent program on this machine.");
        var socketFolder = folders.Socket(sandbox.Incarnation);
        var shared = sandbox.Spec.SharesModels ? options.Value.ModelFolders : [];
        var socket = $"{(walls is null ? socketFolder : AgentRoutes.SocketFolderInSandbox)}/{AgentRoutes.SocketName}";
        return
        [
            .. walls?.CommandLine(sandbox, folder, socketFolder, agent, shared, hasNetwork) ?? [],
            .. walls is null ? [] : ProcessLimits.Before(sandbox.Spec),
            .. agent.Command,
            "--dial", $"unix:{socket}",
            "--grace", sandbox.Spec.AgentGrace.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            "--home", walls is null ? folder.Home : Bubblewrap.Home,
        ];
    }
}
