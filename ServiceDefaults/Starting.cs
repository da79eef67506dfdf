using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>A process that cannot start says why in one line, and not in a page of stack traces.</summary>
public static class Starting
{
    /// <summary>The same, where nothing has to be waited for.</summary>
    public static Task<int> RunOrRefuseAsync(
        this WebApplicationBuilder builder, Func<WebApplicationBuilder, WebApplication> build, Func<WebApplication, Func<string?>> whyEnded,
        params Type[] refusals) =>
        builder.RunOrRefuseAsync(self => Task.FromResult(build(self)), whyEnded, refusals);

    /// <summary>Builds a process and runs it until it is told to end.</summary>
    /// <param name="build">Adds the services, and builds with the pipeline.</param>
    /// <param name="whyEnded">Asked before it runs; the answer tells afterwards why it ended by itself. Null: it was asked to.</param>
    /// <param name="refusals">What else than bad settings and addresses is a reason for people, told by its message alone.</param>
    /// <returns>The exit code: 0, or 1 after one line on standard error.</returns>
    public static async Task<int> RunOrRefuseAsync(
        this WebApplicationBuilder builder, Func<WebApplicationBuilder, Task<WebApplication>> build,
        Func<WebApplication, Func<string?>> whyEnded, params Type[] refusals)
    {
        // What a start fails of is told here, and nowhere else.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        // Several lines for each call would cost more than the call; an operator who wants them says so.
        builder.Quiet("Microsoft.AspNetCore", LogLevel.Warning);

        // The caller of a health check is answered; a process that is just starting would fill the log with it.
        builder.Quiet("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);

        // Clients of stores log each command, and each attempt to connect; the caller tells what came of it.
        builder.Quiet("Npgsql", LogLevel.Critical);
        builder.Quiet("StackExchange.Redis", LogLevel.Critical);

        string? reason;
        try
        {
            await using var app = await build(builder);
            var why = whyEnded(app);
            await app.RunAsync();
            reason = why();
        }
        catch (Exception exception) when (WhyRefused(exception, refusals) is not null)
        {
            reason = WhyRefused(exception, refusals);
        }

        if (reason is null)
        {
            return 0;
        }

        await Console.Error.WriteLineAsync($"{builder.Environment.ApplicationName} does not run. {reason}");
        return 1;
    }

    private static void Quiet(this WebApplicationBuilder builder, string category, LogLevel least)
    {
        if (builder.Configuration[$"Logging:LogLevel:{category}"] is null)
        {
            builder.Logging.AddFilter(category, least);
        }
    }

    /// <summary>Null: a surprise, and thrown.</summary>
    private static string? WhyRefused(Exception exception, Type[] refusals) => exception switch
    {
        OptionsValidationException options => string.Join(' ', options.Failures),
        AggregateException several when several.InnerExceptions.All(inner => WhyRefused(inner, refusals) is not null) =>
            string.Join(' ', several.InnerExceptions.Select(inner => WhyRefused(inner, refusals)).Distinct()),
        IOException io => io.Message,
        _ => refusals.Contains(exception.GetType()) ? exception.Message : null,
    };
}
