using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.Hosting;

/// <summary>What the internal port answers.</summary>
internal sealed class InternalPages(IServiceProvider services) : IDisposable
{
    private readonly PrometheusPage _metrics = new();

    public Task BeginAsync(CancellationToken cancellationToken) => _metrics.BeginAsync(cancellationToken);

    public Task AnswerAsync(HttpContext http) => http.Request.Path.Value switch
    {
        Extensions.HealthPath => CheckAsync(http, static _ => true),
        Extensions.AlivePath => CheckAsync(http, static check => check.Tags.Contains(Extensions.LiveTag)),
        Extensions.MetricsPath => _metrics.WriteAsync(http),
        _ => NothingAsync(http),
    };

    public void Dispose() => _metrics.Dispose();

    /// <summary>One line for the whole, and one for each check that has something to say.</summary>
    private async Task CheckAsync(HttpContext http, Func<HealthCheckRegistration, bool> which)
    {
        var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(which, http.RequestAborted);
        http.Response.StatusCode = report.Status is HealthStatus.Unhealthy
            ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.CacheControl = "no-store";
        var lines = report.Entries.Where(entry => entry.Value.Description is not null)
            .Select(entry => $"\n{entry.Key}: {entry.Value.Description}");
        await http.Response.WriteAsync(report.Status + string.Concat(lines), http.RequestAborted);
    }

    private static Task NothingAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
