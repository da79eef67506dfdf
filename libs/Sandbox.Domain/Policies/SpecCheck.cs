using System.Globalization;
using System.Text;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>Reads the fields of one request and keeps the first complaint; what it returns for a bad field is never used.</summary>
internal sealed class SpecCheck
{
    /// <summary>Less than this no engine accepts.</summary>
    public const long LeastMemory = 6L << 20;

    private const double LeastCpus = 0.01;
    private const int LongestMap = 64 * 1024;

    /// <summary>Characters of metadata, which each page of a list shows.</summary>
    public const int LongestMetadata = 16 * 1024;

    /// <summary>Bytes that the kernel takes in one NAME=VALUE (MAX_ARG_STRLEN without the closing NUL): with a longer one no process
    /// could ever be started.</summary>
    private const int LongestVariable = 131_071;

    public SandboxError? Error { get; private set; }

    public void Refuse(string field, string reason) => Error ??= new SandboxError.BadSpec(field, reason);

    public void Require(bool met, string field, string reason)
    {
        if (!met)
        {
            Refuse(field, reason);
        }
    }

    public long Size(string field, string text, string most)
    {
        _ = SizeText.TryParse(most, out var limit);
        if (!SizeText.TryParse(text, out var bytes))
        {
            Refuse(field, text.TrimStart().StartsWith('-')
                ? $"'{Short(text)}' must be more than zero"
                : $"'{Short(text)}' is not a size; write for example 512m or 8g");
        }

        Require(bytes > 0, field, $"'{Short(text)}' must be more than zero");
        Require(bytes <= limit, field, $"'{Short(text)}' is above the limit of {most}");
        return bytes;
    }

    public long Memory(string text, string most)
    {
        var bytes = Size("memory", text, most);
        Require(bytes >= LeastMemory, "memory",
            $"'{Short(text)}' is below the least of {SizeText.Of(LeastMemory)} (without a unit it is bytes)");
        return bytes;
    }

    public double Cpus(string field, double cpus, double most)
    {
        Require(double.IsFinite(cpus), field, "must be a number");
        Require(cpus > 0, field, $"{Text(cpus)} must be more than zero");
        Require(cpus >= LeastCpus, field, $"{Text(cpus)} is below the least of {Text(LeastCpus)}");
        Require(cpus <= most, field, $"{Text(cpus)} is above the limit of {Text(most)}");
        return cpus;
    }

    /// <summary>Seconds in a range; the ends of the range are part of the text, so that a caller can correct it.</summary>
    public TimeSpan Seconds(string field, double seconds, double least, double most)
    {
        Require(double.IsFinite(seconds), field, "must be a number of seconds");
        Require(seconds >= least, field, $"{Text(seconds)} must be at least {Text(least)} seconds");
        Require(seconds <= most, field, $"{Text(seconds)} must be at most {Text(most)} seconds");
        return Error is null ? TimeSpan.FromSeconds(seconds) : default;
    }

    public IReadOnlyDictionary<string, string> Environment(IReadOnlyDictionary<string, string>? env)
    {
        foreach (var (name, value) in env ?? new Dictionary<string, string>())
        {
            Require(name.Length > 0, "env", "the name of a variable must not be empty");
            Require(!name.Contains('=', StringComparison.Ordinal), "env", $"'{Short(name)}' must not contain '='");
            Require(!HasNul(name), "env", "the name of a variable must not contain NUL");
            Require(!HasNul(value), "env", $"the value of '{Short(name)}' must not contain NUL");
        }

        var map = Map("env", env);
        foreach (var (name, value) in map)
        {
            Require(
                Encoding.UTF8.GetByteCount(name) + 1 + Encoding.UTF8.GetByteCount(value) <= LongestVariable, "env",
                $"'{Short(name)}' has more than the {LongestVariable} bytes that the kernel takes with its name");
        }

        return map;
    }

    public IReadOnlyDictionary<string, string> Map(
        string field, IReadOnlyDictionary<string, string>? map, int longest = LongestMap)
    {
        Require(
            (map ?? new Dictionary<string, string>()).Sum(entry => entry.Key.Length + (long)entry.Value.Length) <= longest,
            field, $"all names and values together must not exceed {SizeText.Of(longest)} characters");
        Require(
            !(map ?? new Dictionary<string, string>()).Any(entry => HasNul(entry.Key) || HasNul(entry.Value)),
            field, "names and values must not contain NUL, which no database keeps");
        return map ?? new Dictionary<string, string>();
    }

    private static bool HasNul(string text) => text.Contains('\0', StringComparison.Ordinal);

    public static string Short(string text) => text.Length > 80 ? text[..80] + "…" : text;

    private static string Text(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);
}
