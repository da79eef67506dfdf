using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// What every process of ours has in common: telemetry, health checks, and HTTP clients that find services and survive
/// a hiccup. Knows nothing of sandboxes.
/// </summary>
public static class Extensions
{
    internal const string HealthPath = "/health";
    internal const string AlivePath = "/alive";
    internal const string MetricsPath = "/metrics";
    internal const string LiveTag = "live";

    /// <summary>The meter of the driver of Postgres.</summary>
    internal const string DatabaseMeter = "Npgsql";

    /// <summary>Address and port of the internal port, for example <c>0.0.0.0:9464</c>; port 0: any free one; empty: there is
    /// none.</summary>
    private const string InternalListen = "Internal:Listen";
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string TracesSampler = "OTEL_TRACES_SAMPLER";

    private static readonly string[] Units = [".seconds", ".bytes"];

    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.ConfigureOpenTelemetry();
        builder.Services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(static provider => new PlainLoggerFactory(new LoggerFactory(
            provider.GetServices<ILoggerProvider>(), provider.GetRequiredService<IOptionsMonitor<LoggerFilterOptions>>(),
            provider.GetRequiredService<IOptions<LoggerFactoryOptions>>()))));
        builder.AddDefaultHealthChecks();
        builder.AddInternalPort();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            http.AddStandardResilienceHandler();
            http.AddServiceDiscovery();
        });
        return builder;
    }

    /// <summary>Collects logs, metrics and traces, and sends them, where an OTLP endpoint is configured. Without one
    /// nothing would read them, so nothing is collected and a start costs nothing.</summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration[OtlpEndpoint]))
        {
            return builder;
        }

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => NameProcess(resource, builder))
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddMeter("Sandbox.*", "Health.*")
                .AddView(NameOnOtlp))
            .WithTracing(tracing => tracing
                .LeaveOutUnaskedCalls(builder.Configuration[TracesSampler])
                .AddSource(builder.Environment.ApplicationName, "Sandbox.*", "Health.*")
                .AddAspNetCoreInstrumentation(asp => asp.Filter = context => !IsProbe(context.Request.Path))
                .AddHttpClientInstrumentation())
            .UseOtlpExporter();
        builder.Services.AddHostedService<TelemetryEnd>();
        return builder;
    }

    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        return builder;
    }

    /// <summary>Health and metrics on a port of their own, where <c>Internal:Listen</c> names one.</summary>
    public static TBuilder AddInternalPort<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        if (builder.Configuration[InternalListen] is not { Length: > 0 } listen)
        {
            return builder;
        }

        if (!IPEndPoint.TryParse(listen, out var endPoint))
        {
            throw new OptionsValidationException(
                InternalListen, typeof(IPEndPoint), [$"{InternalListen}: an address and a port are needed, for example 127.0.0.1:9464."]);
        }

        builder.Services.AddHostedService(provider => new InternalPort(provider, endPoint, provider.GetRequiredService<ILoggerFactory>()));
        return builder;
    }

    /// <summary>By the program's name, unless its environment gives it another.</summary>
    private static void NameProcess(ResourceBuilder resource, IHostApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_SERVICE_NAME"]))
        {
            var isNumbered = builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"]?.Contains(
                "service.instance.id", StringComparison.Ordinal) is true;
            resource.AddService(builder.Environment.ApplicationName, autoGenerateServiceInstanceId: !isNumbered);
        }
    }

    internal static bool IsOurs(string meter) =>
        meter.StartsWith("Sandbox.", StringComparison.Ordinal) || meter.StartsWith("Health.", StringComparison.Ordinal);

    /// <summary>Our instruments are named below their meter, with their unit, as the Prometheus page needs them. OTLP has the
    /// unit in a field of its own and no meter in the name: <c>job.duration.seconds</c> becomes
    /// <c>sandbox.worker.job.duration</c>. One that OpenTelemetry's conventions name keeps its name.</summary>
    private static MetricStreamConfiguration? NameOnOtlp(Instrument instrument)
    {
        if (!IsOurs(instrument.Meter.Name) || instrument.Name.StartsWith("gen_ai.", StringComparison.Ordinal))
        {
            return null;
        }

        var name = Units.FirstOrDefault(instrument.Name.EndsWith) is { } unit ? instrument.Name[..^unit.Length] : instrument.Name;
        return new MetricStreamConfiguration { Name = $"{instrument.Meter.Name.ToLowerInvariant()}.{name}" };
    }

    /// <summary>Unless the configuration chose to have fewer traces.</summary>
    private static TracerProviderBuilder LeaveOutUnaskedCalls(this TracerProviderBuilder tracing, string? chosen) =>
        chosen is null or "" or "always_on" or "parentbased_always_on"
            ? tracing.SetSampler(new ParentBasedSampler(new UnaskedCallSampler())) : tracing;

    private static bool IsProbe(PathString path) =>
        path.StartsWithSegments(HealthPath) || path.StartsWithSegments(AlivePath);
}
