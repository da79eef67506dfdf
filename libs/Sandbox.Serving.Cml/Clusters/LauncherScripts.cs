using System.Globalization;
using System.Text;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>
/// Writes what the applications of a cluster run. Cloudera ML takes a script of its kernel and no command line, so these are Python
/// scripts, which need nothing but Python: each runs its program in the foreground and ends with its exit code.
/// </summary>
public static class LauncherScripts
{
    public const string HeadName = "launch_head.py", WorkerName = "launch_worker.py";

    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private const string Body = """
        def fail(message):
            print(f"{ROLE}: {message}", file=sys.stderr, flush=True)
            return 1


        def head_address():
            # A kernel has arguments of its own, which begin with a hyphen or come in numbers.
            arguments = sys.argv[1:]
            if len(arguments) == 1 and not arguments[0].startswith("-"):
                return arguments[0]
            return os.environ.get("RAY_HEAD_ADDRESS", "")


        def main():
            environment = dict(os.environ)
            if VENV is not None:
                if not os.access(os.path.join(VENV, "bin", "python"), os.X_OK):
                    return fail(f"the virtual environment {VENV} is missing; run the job that makes it first")
                environment["VIRTUAL_ENV"] = VENV
                environment["PATH"] = os.path.join(VENV, "bin") + os.pathsep + environment.get("PATH", "")
            values = {
                "{head_port}": str(HEAD_PORT),
                "{dashboard_port}": str(DASHBOARD_PORT),
                "{app_port}": environment.get("CDSW_APP_PORT", "8100"),
            }
            if ROLE == "worker":
                address = head_address()
                if not re.fullmatch(r"[A-Za-z0-9.\-\[\]:]+:[0-9]+", address):
                    return fail("the head's address is missing: give it as the argument or in RAY_HEAD_ADDRESS, as host:port")
                environment["RAY_HEAD_ADDRESS"] = values["{head_address}"] = address
                time.sleep(DELAY_SECONDS)
            command = COMMAND
            for name, value in values.items():
                command = [part.replace(name, value) for part in command]
            # One that comes as the program begins waits until it can be passed on.
            ends = (signal.SIGTERM, signal.SIGINT)
            signal.pthread_sigmask(signal.SIG_BLOCK, ends)
            try:
                child = subprocess.Popen(
                    command, env=environment, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, ends))
            except OSError as error:
                return fail(f"{command[0]} does not run: {error}")
            for number in ends:
                signal.signal(number, lambda received, _: child.send_signal(received))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ends)
            code = child.wait()
            return code if code >= 0 else 128 - code


        # A kernel takes the end of a program by itself for an error, also with 0.
        code = main()
        if code != 0:
            sys.exit(code)

        """;

    /// <summary>Writes both scripts, executable, in the place of those that are there.</summary>
    public static void Write(LauncherOptions options, string head, string worker)
    {
        Write(head, Text("head", options.HeadCommand, TimeSpan.Zero, options));
        Write(worker, Text("worker", options.WorkerCommand, options.WorkerDelay, options));
    }

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, Executable);
    }

    private static string Text(string role, IEnumerable<string> command, TimeSpan delay, LauncherOptions options) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        #!/usr/bin/env python3
        # Made by Sandbox.Serving.Cml (LauncherScripts); changes are lost when it is made again.
        "Runs the {role} of a cluster as an application of Cloudera ML."
        import os
        import re
        import signal
        import subprocess
        import sys
        import time

        ROLE = {Literal(role)}
        COMMAND = [{string.Join(", ", command.Select(Literal))}]
        VENV = {(options.VirtualEnvironment is { } venv ? Literal(venv) : "None")}
        HEAD_PORT = {options.HeadPort}
        DASHBOARD_PORT = {options.DashboardPort}
        DELAY_SECONDS = {delay.TotalSeconds}


        {Body}
        """);

    /// <summary>A string of Python that has exactly this text.</summary>
    private static string Literal(string text)
    {
        var literal = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value is >= ' ' and <= '~' and not ('"' or '\\')
                ? literal.Append((char)rune.Value)
                : literal.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}");
        }

        return literal.Append('"').ToString();
    }
}
