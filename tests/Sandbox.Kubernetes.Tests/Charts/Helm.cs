using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sandbox.Testing;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>The real helm: the one that build/helm.sh puts into artifacts, else one on the PATH.</summary>
internal static class Helm
{
    private static readonly string? Program = Find();

    /// <summary>Null: there is one.</summary>
    public static string? WhyMissing => Program is null ? "There is no helm: build/helm.sh gets it through npm." : null;

    public static string RepositoryRoot { get; } = FindRoot();

    public static string ChartFolder => Path.Combine(RepositoryRoot, "deploy", "helm");

    /// <summary>Exit code, standard output and standard error of one call.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        // Nothing of the user's own helm, and no cluster of his kubeconfig.
        using var home = new TempFolder();
        var start = new ProcessStartInfo(Program!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in new[] { "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HOME" })
        {
            start.Environment[name] = home.Path;
        }

        start.Environment["KUBECONFIG"] = home.File("none");
        using var helm = Process.Start(start)!;
        var (output, error) = (helm.StandardOutput.ReadToEndAsync(), helm.StandardError.ReadToEndAsync());
        await helm.WaitForExitAsync();
        return (helm.ExitCode, await output, await error);
    }

    private static string? Find()
    {
#pragma warning disable RS0030 // The machine's own, not a setting of the product.
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
#pragma warning restore RS0030
        return path.Split(':').Prepend(Path.Combine(FindRoot(), "artifacts", "helm")).Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, "helm")).FirstOrDefault(File.Exists);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"No Sandbox.Aspire.sln above {AppContext.BaseDirectory}.");
    }
}

/// <summary>The one marker for a test that needs helm: skipped, visibly and with the reason, without it.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsHelmFactAttribute : FactAttribute
{
    public NeedsHelmFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Helm.WhyMissing;
}

/// <inheritdoc cref="NeedsHelmFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsHelmTheoryAttribute : TheoryAttribute
{
    public NeedsHelmTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = Helm.WhyMissing;
}
