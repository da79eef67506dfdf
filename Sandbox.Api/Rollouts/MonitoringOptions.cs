using Microsoft.Extensions.Options;

namespace Sandbox.Api.Rollouts;

/// <summary>Where the cluster's monitoring answers. Bound from section <c>Monitoring</c>.</summary>
internal sealed class MonitoringOptions
{
    public const string Section = "Monitoring";

    /// <summary>Prometheus, for example <c>http://10.0.0.1:9090</c>. Empty: there is none.</summary>
    public string PrometheusUrl { get; set; } = "";

    /// <summary>Grafana, for example <c>http://10.0.0.1:3000</c>. Empty: there is none.</summary>
    public string GrafanaUrl { get; set; } = "";

    /// <summary>File with a token that may search Grafana's dashboards. Empty: it lets anybody.</summary>
    public string GrafanaTokenFile { get; set; } = "";
}

/// <summary>Checks the addresses at the start.</summary>
internal sealed class MonitoringOptionsChecks : IValidateOptions<MonitoringOptions>
{
    public ValidateOptionsResult Validate(string? name, MonitoringOptions options)
    {
        var problems = new[] { (nameof(options.PrometheusUrl), options.PrometheusUrl), (nameof(options.GrafanaUrl), options.GrafanaUrl) }
            .Where(setting => setting.Item2.Length > 0
                && !(Uri.TryCreate(setting.Item2, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            .Select(setting => $"{MonitoringOptions.Section}:{setting.Item1}: '{setting.Item2}' is no http address.")
            .ToList();
        if (options.GrafanaTokenFile.Length > 0 && !File.Exists(options.GrafanaTokenFile))
        {
            problems.Add($"{MonitoringOptions.Section}:{nameof(options.GrafanaTokenFile)}: there is no file {options.GrafanaTokenFile}.");
        }

        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
