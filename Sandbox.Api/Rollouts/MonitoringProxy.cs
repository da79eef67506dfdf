using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;

namespace Sandbox.Api.Rollouts;

/// <summary>Asks the cluster's monitoring, within bounds. Its answers are not ours, and are read as such.</summary>
internal sealed class MonitoringProxy(IOptions<MonitoringOptions> options) : IDisposable
{
    /// <summary>Largest answer, bytes.</summary>
    private const int MaxAnswer = 16 * 1024 * 1024;

    /// <summary>How long an answer may take.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public MonitoringOptions Options => options.Value;

    /// <summary>The newest value of each series that Prometheus has, in its text form.</summary>
    public Task<MonitoringAnswer> MetricsAsync(CancellationToken cancellationToken) => AskAsync(
        nameof(Options.PrometheusUrl), Options.PrometheusUrl, "federate?match[]=%7B__name__%3D~%22.%2B%22%7D", tokenFile: "",
        cancellationToken);

    /// <summary>Grafana's own list of its dashboards, as JSON.</summary>
    public Task<MonitoringAnswer> DashboardsAsync(CancellationToken cancellationToken) => AskAsync(
        nameof(Options.GrafanaUrl), Options.GrafanaUrl, "api/search?type=dash-db&limit=1000", Options.GrafanaTokenFile, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<MonitoringAnswer> AskAsync(
        string setting, string address, string path, string tokenFile, CancellationToken cancellationToken)
    {
        if (address.Length == 0)
        {
            return new MonitoringAnswer.Unavailable($"{MonitoringOptions.Section}:{setting} is not set.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(address.TrimEnd('/') + "/"), path));
            if (tokenFile.Length > 0)
            {
                request.Headers.Authorization =
                    new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(tokenFile, limit.Token)).Trim());
            }

            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (!answer.IsSuccessStatusCode)
            {
                return new MonitoringAnswer.Unavailable($"{address} answers {(int)answer.StatusCode}.");
            }

            await using var stream = await answer.Content.ReadAsStreamAsync(limit.Token);
            using var body = await BoundedBody.ReadAsync(stream, MaxAnswer, limit.Token);
            return body is null
                ? new MonitoringAnswer.Unavailable($"{address} answers more than {MaxAnswer >> 20} MiB.")
                : new MonitoringAnswer.Told(body.Bytes.ToArray());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new MonitoringAnswer.Unavailable($"{address} does not answer within {Limit.TotalSeconds:0} s.");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            return new MonitoringAnswer.Unavailable($"{address} does not answer: {exception.GetBaseException().Message}");
        }
    }
}
