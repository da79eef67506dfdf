namespace Sandbox.Serving.Cml.Rest;

/// <summary>What the words of Cloudera ML for a state mean. Versions write them in either case, with and without a prefix.</summary>
internal static class CmlWords
{
    private static readonly string[] Prefixes = ["engine_", "application_"];

    public static CmlProgress OfClone(string? word) => Plain(word) switch
    {
        "success" or "ready" or "running" => CmlProgress.Done,
        "error" or "failed" => CmlProgress.Failed,
        _ => CmlProgress.Waiting,
    };

    public static CmlProgress OfRun(string? word) => Plain(word) switch
    {
        "succeeded" or "success" => CmlProgress.Done,
        "failed" or "error" or "killed" or "stopped" or "timedout" => CmlProgress.Failed,
        _ => CmlProgress.Waiting,
    };

    public static CmlProgress OfApplication(string? word) => Plain(word) switch
    {
        "running" => CmlProgress.Done,
        "failed" or "stopped" or "error" => CmlProgress.Failed,
        _ => CmlProgress.Waiting,
    };

    /// <summary>In lower case, without its prefix.</summary>
    public static string Plain(string? word)
    {
        var lower = word?.ToLowerInvariant() ?? "";
        return Prefixes.FirstOrDefault(prefix => lower.StartsWith(prefix, StringComparison.Ordinal)) is { } found
            ? lower[found.Length..]
            : lower;
    }
}
