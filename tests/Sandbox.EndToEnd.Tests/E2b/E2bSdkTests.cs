using System.Diagnostics;
using Sandbox.Testing;

namespace Sandbox.EndToEnd.Tests.E2b;

/// <summary>The published JavaScript SDK of E2B, unmodified, against this server on a real engine.</summary>
public sealed class E2bSdkTests(RockServer server) : IClassFixture<RockServer>
{
    /// <summary>Of the form that old clients demand; this server asks callers of its own machine for none.</summary>
    private const string Key = "e2b_0000000000000000000000000000000000000000";

    [NeedsDockerTheory]
    [InlineData("2.51.0")]
    [InlineData("2.45.0")]
    public async Task Journey_OfTheSdk_ComesToItsEnd(string version)
    {
        await MustMakeAsync("the image of E2B's templates", "bash", [Path.Combine(Root(), "build", "images", "e2b.sh")]);
        var folder = Path.Combine(Root(), "artifacts", "npm", $"e2b-{version}");
        Directory.CreateDirectory(folder);
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "e2b")))
        {
            await MustMakeAsync(
                $"the package e2b {version}", "npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", $"e2b@{version}"]);
        }

        var script = Path.Combine(folder, "journey.mjs");
        File.Copy(Path.Combine(Root(), "tests", "Sandbox.EndToEnd.Tests", "E2b", "journey.mjs"), script, overwrite: true);
        var url = server.Http.BaseAddress!.ToString().TrimEnd('/');

        var (code, output) = await RunAsync(
            "node", [script], ("E2B_API_URL", url), ("E2B_SANDBOX_URL", url), ("E2B_API_KEY", Key));

        Assert.True(code == 0, $"the journey of e2b {version} was to come to its end:\n{output}");
        Assert.EndsWith("the journey is complete", output.Trim(), StringComparison.Ordinal);
    }

    /// <summary>What this machine cannot make it cannot test with.</summary>
    private static async Task MustMakeAsync(string what, string program, string[] arguments)
    {
        try
        {
            var (code, output) = await RunAsync(program, arguments);
            Assert.SkipWhen(code != 0, $"{what} could not be made: {output}");
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            Assert.Skip($"{what} could not be made: {missing.Message}");
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(
        string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        return (process.ExitCode, await error + await output);
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException($"No repository above {AppContext.BaseDirectory}.");
        }

        return folder;
    }
}
