using System.Globalization;
using System.Runtime.InteropServices;

namespace Sandbox.Agent.Native;

/// <summary>
/// The rare way to run as another user: posix_spawn cannot change it, and an image may have neither su nor setpriv. The agent
/// starts its own file again as <c>sandbox-agent --as UID GID G1,G2 PATH ARGV…</c>, which drops to the user and becomes PATH.
/// </summary>
internal static unsafe class AccountLauncher
{
    internal const string Option = "--as";

    private const int FirstOfCommand = 5;

    internal static (string Path, List<string> Argv) Wrap(Account account, string path, List<string> argv)
    {
        var self = Environment.ProcessPath ?? "/proc/self/exe";
        List<string> launcher = [self];
        if (Path.GetFileName(self) == "dotnet")
        {
            launcher.Add(Path.Combine(AppContext.BaseDirectory, "sandbox-agent.dll"));
        }

        launcher.AddRange([Option, $"{account.User}", $"{account.Group}", string.Join(',', account.Groups), path, .. argv]);
        return (self, launcher);
    }

    /// <summary>Becomes the command. Returns a shell's exit code when that fails, after saying why on standard error.</summary>
    internal static int Run(string[] args)
    {
        if (args.Length <= FirstOfCommand
            || !uint.TryParse(args[1], out var user) || !uint.TryParse(args[2], out var group)
            || !TryParseGroups(args[3], out var groups))
        {
            return Fail(125, "usage: sandbox-agent --as UID GID GROUPS PATH ARGV…");
        }

        fixed (uint* ids = groups)
        {
            if (Libc.SetGroups((nuint)groups.Length, ids) != 0 || Libc.SetGroup(group) != 0 || Libc.SetUser(user) != 0)
            {
                return Fail(125, $"the user {user} is not available here (error {Marshal.GetLastPInvokeError()})");
            }
        }

        // The runtime ignores it, and what is ignored stays so through exec.
        _ = Libc.Signal(Signals.Pipe, 0);
        return Become(args[4], args[FirstOfCommand..]);
    }

    private static int Become(string path, string[] argv)
    {
        var variables = Environment.GetEnvironmentVariables();
        var env = variables.Keys.Cast<string>().ToDictionary(key => key, key => (string?)variables[key] ?? "");
        using var file = new NativeStrings([path]);
        using var environment = NativeStrings.Environment(env);
        using (var arguments = new NativeStrings(argv))
        {
            _ = Libc.Execve(file.Pointers[0], arguments.Pointers, environment.Pointers);
        }

        if (Marshal.GetLastPInvokeError() == Errno.ENOEXEC)
        {
            using var shell = new NativeStrings(["/bin/sh"]);
            using var arguments = new NativeStrings(["/bin/sh", path, .. argv[1..]]);
            _ = Libc.Execve(shell.Pointers[0], arguments.Pointers, environment.Pointers);
        }

        var error = Marshal.GetLastPInvokeError();
        return error == Errno.ENOENT
            ? Fail(127, $"{argv[0]}: command not found")
            : Fail(126, $"{argv[0]}: permission denied or not executable (error {error})");
    }

    private static bool TryParseGroups(string text, out uint[] groups)
    {
        groups = [.. text.Split(',')
            .Select(id => uint.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var group) ? group : uint.MaxValue)];
        return !groups.Contains(uint.MaxValue);
    }

    private static int Fail(int code, string message)
    {
        StandardError.WriteLine($"sandbox-agent: {message}");
        return code;
    }
}
