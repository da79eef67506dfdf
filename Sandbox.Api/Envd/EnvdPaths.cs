using System.Buffers;
using System.Collections.Frozen;

namespace Sandbox.Api.Envd;

/// <summary>What of envd may be reached from outside; above all not <c>/init</c>.</summary>
internal static class EnvdPaths
{
    private const string ProcessService = "/process.Process/";
    private const string FilesystemService = "/filesystem.Filesystem/";

    private static readonly FrozenSet<string> Plain = FrozenSet.Create(StringComparer.Ordinal, "/files", "/health");

    private static readonly SearchValues<char> Letters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static bool Contains(PathString path) =>
        path.Value is { } value && (Plain.Contains(value) || IsMethod(value, ProcessService) || IsMethod(value, FilesystemService));

    public static bool Allows(PathString path, string method) => path.Value switch
    {
        "/files" => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsPost(method),
        "/health" => HttpMethods.IsGet(method) || HttpMethods.IsHead(method),
        _ => HttpMethods.IsPost(method),
    };

    /// <summary>A name for the log that has nothing of the caller's but letters.</summary>
    public static string NameOf(PathString path) => path.Value!;

    /// <summary>One of few names, whatever method was asked for.</summary>
    public static string ServiceOf(PathString path) =>
        path.StartsWithSegments("/process.Process")
            ? ProcessService : path.StartsWithSegments("/filesystem.Filesystem") ? FilesystemService : path.Value!;

    private static bool IsMethod(string path, string service) =>
        path.Length > service.Length
        && path.Length < service.Length + 64
        && path.StartsWith(service, StringComparison.Ordinal)
        && path.AsSpan(service.Length).IndexOfAnyExcept(Letters) < 0;
}
