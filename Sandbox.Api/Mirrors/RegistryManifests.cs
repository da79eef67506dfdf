using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Domain.Policies;

namespace Sandbox.Api.Mirrors;

/// <summary>Asks a mirror's registry (API v2) whether it has an image. Shows the mirror's password to that registry, or to the server that
/// it names for tokens.</summary>
internal sealed partial class RegistryManifests : IDisposable
{
    private const int LongestAnswer = 1 << 20;

    /// <summary>A start waits for the answer.</summary>
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(5);

    private static readonly string[] Manifests =
    [
        "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
    ];

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
    {
        Timeout = Answer,
        MaxResponseContentBufferSize = LongestAnswer,
    };

    /// <summary>False where it has none, too, when it refuses to say.</summary>
    /// <param name="path">Of the repository in the registry.</param>
    /// <exception cref="HttpRequestException">It does not answer.</exception>
    /// <exception cref="TaskCanceledException">It does not answer in time.</exception>
    public async Task<bool> HasAsync(RegistryMirror mirror, string path, string tag, CancellationToken cancellationToken)
    {
        var manifest = new Uri($"{Scheme(mirror)}://{mirror.Registry}/v2/{path}/manifests/{tag}");
        using var answer = await SendAsync(manifest, Basic(mirror), cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.Unauthorized
            || answer.Headers.WwwAuthenticate.FirstOrDefault(asked => asked.Scheme is "Bearer") is not { Parameter: { } challenge }
            || await TokenAsync(mirror, challenge, cancellationToken) is not { } token)
        {
            return answer.IsSuccessStatusCode;
        }

        using var second = await SendAsync(manifest, new AuthenticationHeaderValue("Bearer", token), cancellationToken);
        return second.IsSuccessStatusCode;
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(
        Uri manifest, AuthenticationHeaderValue? authorization, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, manifest);
        request.Headers.Authorization = authorization;
        request.Headers.Add("Accept", Manifests);
        return await _http.SendAsync(request, cancellationToken);
    }

    /// <summary>A token from where the registry sends its callers (<c>realm="…",service="…",scope="…"</c>); null: it gives none.</summary>
    private async Task<string?> TokenAsync(RegistryMirror mirror, string challenge, CancellationToken cancellationToken)
    {
        var said = Pair().Matches(challenge).DistinctBy(match => match.Groups[1].Value)
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);
        if (!said.TryGetValue("realm", out var realm) || !Uri.TryCreate(realm, UriKind.Absolute, out var place)
            || place.Scheme != Scheme(mirror))
        {
            return null;
        }

        var query = string.Join(
            '&', said.Where(pair => pair.Key is "service" or "scope").Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(place) { Query = query }.Uri)
        { Headers = { Authorization = Basic(mirror) } };
        using var answer = await _http.SendAsync(request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            return null;
        }

        try
        {
            using var body = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellationToken));
            return body.RootElement is { ValueKind: JsonValueKind.Object } root
                && (root.TryGetProperty("token", out var token) || root.TryGetProperty("access_token", out token))
                && token.ValueKind is JsonValueKind.String
                ? token.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Scheme(RegistryMirror mirror) => mirror.IsInsecure ? "http" : "https";

    private static AuthenticationHeaderValue? Basic(RegistryMirror mirror) => mirror.Username.Length == 0
        ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{mirror.Username}:{mirror.Password}")));

    [GeneratedRegex("""([a-z]+)="([^"]*)" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Pair();
}
