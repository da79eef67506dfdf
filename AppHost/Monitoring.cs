namespace AppHost;

/// <summary>Prometheus and Grafana beside the stack: optional, a person starts them from the dashboard.</summary>
internal static class Monitoring
{
    public static void AddMonitoring(this IDistributedApplicationBuilder builder)
    {
        var prometheus = builder.AddContainer("prometheus", "prom/prometheus", "v3.5.0")
            .WithBindMount("../deploy/prometheus", "/etc/prometheus", isReadOnly: true)
            .WithHttpEndpoint(targetPort: 9090)
            .WithUrlForEndpoint("http", url => url.DisplayText = "Prometheus")
            .WithIconName("DataTrending")
            .WithExplicitStart();
        builder.AddContainer("grafana", "grafana/grafana", "12.1.1")
            .WithBindMount("../deploy/grafana/provisioning", "/etc/grafana/provisioning", isReadOnly: true)
            .WithBindMount("../deploy/grafana/dashboards", "/var/lib/grafana/dashboards", isReadOnly: true)
            .WithHttpEndpoint(targetPort: 3000)
            .WithUrlForEndpoint("http", url => url.DisplayText = "Grafana")
            .WithEnvironment("PROMETHEUS_URL", prometheus.GetEndpoint("http"))
            .WithIconName("ChartMultiple")
            .WithParentRelationship(prometheus)
            .WithExplicitStart();
    }
}
