using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Sandbox.Domain.Errors;

namespace Sandbox.Domain.Specs;

/// <summary>Reads <c>docker_args</c> against the allow-list: <c>--name=value</c>, or <c>--name</c> and <c>value</c>.</summary>
public static partial class EngineArgumentsParser
{
    /// <summary>Name of the field in the errors.</summary>
    public const string Field = "docker_args";

    /// <summary>More arguments than this are not read.</summary>
    public const int MaxArguments = 64;

    private const long FewestOpenFiles = 64;

    /// <summary>Top folders that a tmpfs must not hide.</summary>
    private static readonly string[] Reserved = [".sandbox", "proc", "sys", "dev"];

    private delegate EngineArguments? Reader(EngineArguments read, string value);

    private static readonly Dictionary<string, Reader> Readers = new()
    {
        ["--shm-size"] = (read, value) => Size(value) is { } bytes ? read with { ShmBytes = bytes } : null,
        ["--ulimit"] = (read, value) => Ulimit(value) is { } limit ? read with { Ulimits = [.. read.Ulimits, limit] } : null,
        ["--tmpfs"] = (read, value) => Tmpfs(value) is { } mount ? read with { Tmpfs = With(read.Tmpfs, mount.Path, mount.Options) } : null,
        ["--sysctl"] = (read, value) => SysctlForm().Match(value) is { Success: true } match
            ? read with { Sysctls = With(read.Sysctls, match.Groups[1].Value, match.Groups[2].Value) } : null,
        ["--dns"] = (read, value) => IPAddress.TryParse(value, out _) ? read with { Dns = [.. read.Dns, value] } : null,
        ["--dns-search"] = (read, value) => HostForm().IsMatch(value) ? read with { DnsSearch = [.. read.DnsSearch, value] } : null,
        ["--add-host"] = (read, value) => IsExtraHost(value) ? read with { ExtraHosts = [.. read.ExtraHosts, value] } : null,
        ["--hostname"] = (read, value) => HostForm().IsMatch(value) ? read with { Hostname = value } : null,
        ["--cpuset-cpus"] = (read, value) => CpusetForm().IsMatch(value) ? read with { CpusetCpus = value } : null,
        ["--platform"] = (read, value) => PlatformForm().IsMatch(value) ? read with { Platform = value } : null,
    };

    public static Result<EngineArguments> Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count > MaxArguments)
        {
            return new SandboxError.BadSpec(Field, $"at most {MaxArguments} arguments");
        }

        var read = EngineArguments.None;
        for (var i = 0; i < arguments.Count; i++)
        {
            var parts = arguments[i].Split('=', 2);
            if (parts is ["--read-only"] or ["--read-only", "true"])
            {
                read = read with { ReadOnlyRoot = true };
                continue;
            }

            if (!Readers.TryGetValue(parts[0], out var reader))
            {
                return new SandboxError.BadSpec(
                    Field, $"'{Shorten(parts[0])}' is not allowed; allowed are --read-only {string.Join(' ', Readers.Keys)}");
            }

            var value = parts.Length == 2 ? parts[1] : ++i < arguments.Count ? arguments[i] : null;
            if (value is null || reader(read, value) is not { } more)
            {
                return new SandboxError.BadSpec(Field, $"{parts[0]} cannot be '{Shorten(value ?? "")}'");
            }

            read = more;
        }

        return read;
    }

    private static long? Size(string value)
    {
        var match = SizeForm().Match(value);
        if (!match.Success || !long.TryParse(match.Groups[1].Value, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var shift = match.Groups[2].Value.ToLowerInvariant() switch { "k" => 10, "m" => 20, "g" => 30, _ => 0 };
        return number > 0 && number <= long.MaxValue >> shift ? number << shift : null;
    }

    private static EngineUlimit? Ulimit(string value)
    {
        var match = UlimitForm().Match(value);
        if (!match.Success || !long.TryParse(match.Groups[2].Value, CultureInfo.InvariantCulture, out var soft))
        {
            return null;
        }

        var hard = soft;
        return (!match.Groups[3].Success || long.TryParse(match.Groups[3].Value, CultureInfo.InvariantCulture, out hard))
            && IsHarmless(match.Groups[1].Value, soft, hard)
                ? new EngineUlimit(match.Groups[1].Value, soft, hard)
                : null;
    }

    /// <summary>A core dump may go to a program of the machine, and with too few open files the agent cannot serve.</summary>
    private static bool IsHarmless(string name, long soft, long hard) => name switch
    {
        "core" => (soft, hard) is (0, 0),
        "nofile" => soft >= FewestOpenFiles && hard >= soft,
        _ => true,
    };

    private static (string Path, string Options)? Tmpfs(string value)
    {
        var match = TmpfsForm().Match(value);
        var path = match.Groups[1].Value.TrimEnd('/');
        var steps = path.Split('/');
        var reserved = steps.Length < 2 || Reserved.Contains(steps[1]) || steps[1..].Any(step => step is "" or "." or "..");
        return match.Success && !reserved ? (path, match.Groups[2].Value) : null;
    }

    private static bool IsExtraHost(string value) =>
        value.Split(':', 2) is [var name, var address] && HostForm().IsMatch(name) && IPAddress.TryParse(address, out _);

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> map, string key, string value) =>
        new(map) { [key] = value };

    private static string Shorten(string text) => text.Length > 80 ? text[..80] + "…" : text;

    [GeneratedRegex(@"^(\d{1,15})([kKmMgG]?)[bB]?\z")]
    private static partial Regex SizeForm();

    // Not rtprio: code of real-time priority is outside of every limit on processor time. Not memlock, msgqueue and sigpending: what they
    // bound is counted for the user, who is the same in all containers.
    [GeneratedRegex(@"^(core|cpu|data|fsize|nofile|nproc|rss|stack)=(-1|\d{1,18})(?::(-1|\d{1,18}))?\z")]
    private static partial Regex UlimitForm();

    [GeneratedRegex(@"^(/[A-Za-z0-9_./-]{1,255})(?::([a-z0-9_=,]{0,255}))?\z")]
    private static partial Regex TmpfsForm();

    [GeneratedRegex(
        @"^(net\.[A-Za-z0-9_.-]{1,120}|kernel\.(?:shm|msg)[a-z_]{1,40}|kernel\.sem|fs\.mqueue\.[a-z_]{1,40})=([A-Za-z0-9_ .:,-]{1,120})\z")]
    private static partial Regex SysctlForm();

    [GeneratedRegex(@"^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?\z")]
    private static partial Regex HostForm();

    [GeneratedRegex(@"^\d{1,4}(?:[-,]\d{1,4}){0,63}\z")]
    private static partial Regex CpusetForm();

    [GeneratedRegex(@"^[a-z0-9]{1,20}(?:/[a-z0-9_]{1,20}(?:/[a-z0-9_]{1,20})?)?\z")]
    private static partial Regex PlatformForm();
}
