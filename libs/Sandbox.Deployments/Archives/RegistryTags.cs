using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Archives;

namespace Sandbox.Deployments.Archives;

/// <summary>The tags of the repository of archives, asked of its registry (API v2). Shows its password to the registry, or to the server
/// that it names for tokens.</summary>
internal sealed partial class RegistryTags : IDisposable
{
    private const string Digest = "Docker-Content-Digest";
    private const int LongestAnswer = 1 << 20;

    private readonly HttpClient _http;
    private readonly ArchiveOptions _options;
    private readonly Uri _repository;

    public RegistryTags(ArchiveOptions options)
    {
        var slash = options.Repository.IndexOf('/', StringComparison.Ordinal);
        _options = options;
        _repository = new Uri(
            $"{(options.UseTls ? "https" : "http")}://{options.Repository[..slash]}/v2/{options.Repository[(slash + 1)..]}/");
        _http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false })
        {
            Timeout = options.Silence,
            MaxResponseContentBufferSize = LongestAnswer,
        };
    }

    /// <summary>Removes it, if it is there; the registry frees what nothing else uses in its own time.</summary>
    public async Task RemoveAsync(string tag, CancellationToken cancellationToken)
    {
        try
        {
            using var found = await SendAsync(HttpMethod.Head, $"manifests/{tag}", cancellationToken);
            if (found.StatusCode is HttpStatusCode.NotFound)
            {
                return;
            }

            var digest = found.IsSuccessStatusCode && found.Headers.TryGetValues(Digest, out var values)
                ? values.First() : throw Refused(tag, found);
            using var removed = await SendAsync(HttpMethod.Delete, $"manifests/{digest}", cancellationToken);
            if (!removed.IsSuccessStatusCode && removed.StatusCode is not HttpStatusCode.NotFound)
            {
                throw Refused(tag, removed);
            }
        }
        catch (Exception exception)
            when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ArchiveStoreException(
                $"the registry of archives {_repository.Authority} does not answer: {exception.Message}", exception);
        }
    }

    public void Dispose() => _http.Dispose();

    private static ArchiveStoreException Refused(string tag, HttpResponseMessage answer) =>
        new(answer.StatusCode is HttpStatusCode.MethodNotAllowed
        ? $"the registry of archives lets nobody remove {tag}; its own configuration has to allow it"
        : $"the registry of archives answered {(int)answer.StatusCode} when {tag} was to be removed");

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellationToken)
    {
        var answer = await SendAsync(method, path, Basic(), cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.Unauthorized
            || answer.Headers.WwwAuthenticate.FirstOrDefault(asked => asked.Scheme is "Bearer") is not { Parameter: { } challenge })
        {
            return answer;
        }

        answer.Dispose();
        return await SendAsync(
            method, path, new AuthenticationHeaderValue("Bearer", await TokenAsync(challenge, cancellationToken)), cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, AuthenticationHeaderValue? authorization, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(_repository, path));
        request.Headers.Authorization = authorization;
        request.Headers.Add(
            "Accept", ["application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json"]);
        return await _http.SendAsync(request, cancellationToken);
    }

    /// <summary>A token from where the registry sends its callers: <c>realm="…",service="…",scope="…"</c>.</summary>
    private async Task<string> TokenAsync(string challenge, CancellationToken cancellationToken)
    {
        var said = Pair().Matches(challenge)
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);
        if (!said.Remove("realm", out var realm) || !Uri.TryCreate(realm, UriKind.Absolute, out var place)
            || place.Scheme != _repository.Scheme)
        {
            throw new ArchiveStoreException("the registry of archives does not say where its tokens come from");
        }

        var query = string.Join(
            '&', said.Where(pair => pair.Key is "service" or "scope").Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new UriBuilder(place) { Query = query }.Uri)
        { Headers = { Authorization = Basic() } };
        using var answer = await _http.SendAsync(request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw new ArchiveStoreException($"the registry of archives gives no token: {(int)answer.StatusCode}");
        }

        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
        return (body.RootElement.TryGetProperty("token", out var token) || body.RootElement.TryGetProperty("access_token", out token)
            ? token.GetString() : null)
            ?? throw new ArchiveStoreException("the registry of archives gives an empty token");
    }

    private AuthenticationHeaderValue? Basic() => _options.User.Length == 0
        ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_options.User}:{_options.Password}")));

    [GeneratedRegex("""([a-z]+)="([^"]*)" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Pair();
}
