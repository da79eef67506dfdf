using System.Text;
using Sandbox.Agent.Accounts;
using Sandbox.Agent.Files;
using Sandbox.Agent.Http;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>Files as texts: <c>read_file</c> and <c>write_file</c> of the ROCK API. Nothing changes line ends.</summary>
internal static class FileRoutes
{
    /// <summary>Bytes of one answer; larger files go by the download route.</summary>
    private const int LargestText = 16 * 1024 * 1024;

    public static async Task ReadAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.ReadFileRequest);
        var bytes = await FileReader.ReadAsync(Resolve(request.Path), LargestText, context.RequestAborted);
        await context.WriteJsonAsync(
            new ReadFileResult(PythonCodec.Decode(bytes, request.Encoding, request.Errors)), RockJson.Default.ReadFileResult);
    }

    public static async Task WriteAsync(HttpContext context)
    {
        var request = await RockFailures.BodyAsync(context, RockRequests.Default.WriteFileRequest);
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(request.Content), writable: false);
        await FileWriter.WriteAsync(Resolve(request.Path), content, owner: null, context.RequestAborted);
        await context.WriteJsonAsync(new WriteFileResult(true, ""), RockJson.Default.WriteFileResult);
    }

    /// <summary>Relative paths start where commands do.</summary>
    internal static string Resolve(string path) =>
        path.Length == 0 ? throw new FileFailure(FileFailureKind.InvalidPath, "the path is empty")
        : SandboxPath.Resolve(path, path[0] == '~' ? new AccountFiles().Own().Home : Environment.CurrentDirectory);
}
