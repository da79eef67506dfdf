using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>The resource is healthy when this path of this endpoint answers so.</summary>
internal sealed record HttpProbeAnnotation(string Endpoint, string Path, int Status) : IResourceAnnotation;

internal static class HttpProbe
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public static async Task<bool> AnswersAsync(int port, HttpProbeAnnotation probe, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Client.GetAsync(
                new UriBuilder("http", "127.0.0.1", port, probe.Path).Uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return (int)answer.StatusCode == probe.Status;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
