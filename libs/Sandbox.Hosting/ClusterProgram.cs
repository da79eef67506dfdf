using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.ClusterFile;
using Sandbox.Storage;

namespace Sandbox.Hosting;

/// <summary>
/// A program of a cluster, from its arguments to its exit code. What all of them have in common is here and in
/// <see cref="StoresApplicationBuilderExtensions"/>; what differs is in each one's <c>Program.cs</c>. A program that cannot start says
/// why in one line, and not in a page of stack traces.
/// </summary>
public sealed class ClusterProgram(string[] args)
{
    /// <summary>Names a folder of settings, a file <c>Section__Key</c> each: for secrets, which an environment would show.</summary>
    private const string SecretsFolder = "SECRETS_FOLDER";

    /// <summary>Names a JSON file of settings that go before all others; changes of it reach the running process, for the sections that
    /// can change (docs/operations.md).</summary>
    private const string SettingsFile = "SETTINGS_FILE";

    /// <summary>The file that <c>CLUSTER_FILE</c> names is a source of its configuration, below all others.</summary>
    public bool ReadsClusterFile { get; init; }

    /// <summary>What else than bad settings, addresses and stores is a reason for people, told by its message alone.</summary>
    public IReadOnlyList<Type> Refusals { get; init; } = [];

    /// <summary>Asked before it runs; the answer tells afterwards why it ended by itself. Null: it was asked to.</summary>
    public Func<WebApplication, Func<string?>> WhyEnded { get; init; } = static _ => static () => null;

    /// <summary>The same as <see cref="RunAsync(Func{WebApplicationBuilder, Task{WebApplication}})"/>, where nothing has to be waited
    /// for.</summary>
    public Task<int> RunAsync(Func<WebApplicationBuilder, WebApplication> build) => RunAsync(builder => Task.FromResult(build(builder)));

    /// <summary>Builds the process and runs it until it is told to end.</summary>
    /// <param name="build">Adds the program's own services, and builds with the pipeline.</param>
    /// <returns>The exit code: 0, or 1 after one line on standard error.</returns>
    public async Task<int> RunAsync(Func<WebApplicationBuilder, Task<WebApplication>> build)
    {
        var builder = WebApplication.CreateSlimBuilder(args);

        // A switch of the framework's, ASPNETCORE_FORWARDEDHEADERS_ENABLED, which deployments like to set: any client's word would be taken
        // for its address. Proxies are named one by one (Api:TrustedProxies).
        builder.Configuration["ForwardedHeaders_Enabled"] = "false";
        Quiet(builder);
        string? reason;
        try
        {
            if (ReadsClusterFile)
            {
                AddClusterFile(builder);
            }

            if (builder.Configuration[SecretsFolder] is { Length: > 0 } secrets)
            {
                builder.Configuration.AddKeyPerFile(Path.GetFullPath(secrets), optional: false);
            }

            if (builder.Configuration[SettingsFile] is { Length: > 0 } changing)
            {
                builder.Configuration.AddWatchedJsonFile(changing);
            }

            builder.AddServiceDefaults();
            await using var app = await build(builder);
            var why = WhyEnded(app);
            await app.RunAsync();
            reason = why();
        }
        catch (Exception exception) when (WhyRefused(exception) is not null)
        {
            reason = WhyRefused(exception);
        }

        if (reason is null)
        {
            return 0;
        }

        await Console.Error.WriteLineAsync($"{builder.Environment.ApplicationName} does not run. {reason}");
        return 1;
    }

    private static void AddClusterFile(WebApplicationBuilder builder)
    {
        var settings = ClusterFileReader.ForProcess(builder.Configuration[ClusterFileReader.Variable]);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = settings });
    }

    private static void Quiet(WebApplicationBuilder builder)
    {
        // What a start fails of is told here, and nowhere else.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);

        // Several lines for each call would cost more than the call; an operator who wants them says so.
        Quiet(builder, "Microsoft.AspNetCore", LogLevel.Warning);

        // The caller of a health check is answered; a process that is just starting would fill the log with it.
        Quiet(builder, "Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        // Clients of stores log each command, and each attempt to connect; the caller tells what came of it.
        Quiet(builder, "Npgsql", LogLevel.Critical);
        Quiet(builder, "StackExchange.Redis", LogLevel.Critical);
    }

    private static void Quiet(WebApplicationBuilder builder, string category, LogLevel least)
    {
        if (builder.Configuration[$"Logging:LogLevel:{category}"] is null)
        {
            builder.Logging.AddFilter(category, least);
        }
    }

    /// <summary>Null: a surprise, and thrown.</summary>
    private string? WhyRefused(Exception exception) => exception switch
    {
        OptionsValidationException options => string.Join(' ', options.Failures),
        AggregateException several when several.InnerExceptions.All(inner => WhyRefused(inner) is not null) =>
            string.Join(' ', several.InnerExceptions.Select(inner => WhyRefused(inner)).Distinct()),
        IOException or InvalidDataException => exception.Message,
        StorageUnavailableException or SchemaTooNewException => exception.Message,
        _ => Refusals.Contains(exception.GetType()) ? exception.Message : null,
    };
}
