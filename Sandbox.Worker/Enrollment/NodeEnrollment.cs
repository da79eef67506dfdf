using System.Net;
using System.Text.Json;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Node;
using Sandbox.Storage;
using Sandbox.Worker.Head;

namespace Sandbox.Worker.Enrollment;

/// <summary>
/// A worker that has a join token (<c>JOIN_TOKEN</c>) and not the cluster's secret: it asks the health service for what the
/// cluster's processes have in common, keeps that in its data folder, and is from then on a node like any other.
/// </summary>
internal static class NodeEnrollment
{
    private const string SecretKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.Secret)}";
    private const string SecretFileKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.SecretFile)}";
    private const string IdKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.Id)}";
    private const string FolderKey = $"{WorkerOptions.Section}:{nameof(WorkerOptions.DataFolder)}";
    private const string NameKey = $"{WorkerOptions.Section}:{nameof(WorkerOptions.NodeName)}";
    private const int MaxAnswer = 64 * 1024;

    /// <summary>More than the health service is given otherwise: an answer that is not waited for uses the token up for nothing.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Settings that stand over those given; none where nothing was to be joined.</summary>
    /// <exception cref="EnrollmentException">The token is not good, or nobody answers.</exception>
    public static async Task<Dictionary<string, string?>> SettingsAsync(
        IConfiguration settings, TimeProvider time, CancellationToken cancellationToken)
    {
        if (HasText(settings, SecretKey) || HasText(settings, SecretFileKey) || !HasText(settings, FolderKey))
        {
            return [];
        }

        var file = new EnrollmentFile(settings[FolderKey]!);
        if (file.Read() is not { } joined)
        {
            if (!HasText(settings, HeadSettings.JoinTokenKey))
            {
                return [];
            }

            using var place = file.Prepare();
            joined = await JoinAsync(settings, time, cancellationToken);
            place.Keep(joined);
        }

        if (HasText(settings, IdKey) && settings[IdKey] != joined.Id)
        {
            throw new EnrollmentException($"{IdKey}: this node joined the cluster {joined.Id} ({file.Path}), and no other.");
        }

        return SettingsOf(joined, settings);
    }

    private static Dictionary<string, string?> SettingsOf(ClusterCredentials joined, IConfiguration given)
    {
        // The token has done its work: from now on the secret speaks.
        var more = new Dictionary<string, string?> { [IdKey] = joined.Id, [SecretKey] = joined.Secret, [HeadSettings.JoinTokenKey] = "" };
        if (!HasText(given, StorageServiceCollectionExtensions.ConnectionKey))
        {
            more[StorageServiceCollectionExtensions.ConnectionKey] = joined.Database;
        }

        return more;
    }

    private static async Task<ClusterCredentials> JoinAsync(IConfiguration settings, TimeProvider time, CancellationToken cancellationToken)
    {
        var head = HeadSettings.Read(settings);
        var node = settings[NameKey] is { Length: > 0 } name ? name : Environment.MachineName;
        using var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { Timeout = Patience, MaxResponseContentBufferSize = MaxAnswer };
        var silent = $"HEALTH_MAX_RETRIES is {head.HealthMaxRetries}";
        for (var attempt = 0; attempt < head.HealthMaxRetries; attempt++)
        {
            foreach (var url in head.HealthUrls)
            {
                try
                {
                    return await AskAsync(http, url, node, head.JoinToken, cancellationToken);
                }
                catch (Exception exception)
                    when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
                {
                    silent = $"{url}: {exception.Message}";
                }
            }

            await Task.Delay(head.HealthRetryInterval, time, cancellationToken);
        }

        throw new EnrollmentException($"{HeadSettings.JoinTokenKey}: no health service answers, so this node cannot join ({silent}).");
    }

    private static async Task<ClusterCredentials> AskAsync(
        HttpClient http, Uri url, string node, string token, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, HealthRoutes.Join))
        {
            Content = JsonContent.Create(new EnrollmentRequest(node), HeadJson.Default.EnrollmentRequest),
        };
        request.Headers.Add(HealthRoutes.JoinTokenHeader, EnrollmentSecret.AdmissionOf(token));
        using var answer = await http.SendAsync(request, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.Unauthorized)
        {
            throw new EnrollmentException(
                $"{HeadSettings.JoinTokenKey}: {url} refuses it; it is unknown, over, already used, or another node's. `sandbox node "
                    + $"token create` makes another.");
        }

        answer.EnsureSuccessStatusCode();
        return Open(await answer.Content.ReadAsByteArrayAsync(cancellationToken), token)
            ?? throw new EnrollmentException($"{HeadSettings.JoinTokenKey}: what {url} answers was not made by who knows the token.");
    }

    private static ClusterCredentials? Open(byte[] body, string token)
    {
        try
        {
            return JsonSerializer.Deserialize(body, HeadJson.Default.EnrollmentResponse) is { } answer
                && EnrollmentSecret.Open(EnrollmentSecret.SealKeyOf(token), answer.Sealed) is { } text
                    ? JsonSerializer.Deserialize(text, HeadJson.Default.ClusterCredentials)
                    : null;
        }
        catch (JsonException)
        {
            // Something that is there and knows nothing of joining.
            return null;
        }
    }

    private static bool HasText(IConfiguration settings, string key) => !string.IsNullOrWhiteSpace(settings[key]);
}
