using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Cml.Rest;

/// <summary>The calls of Cloudera ML's REST interface (version 2) that a cluster needs. Each ends within <see cref="RequestLimit"/>, and
/// each failure is a <see cref="CmlException"/> without the key.</summary>
public sealed partial class CmlClient : IDisposable
{
    public static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(30);

    /// <summary>Largest answer, bytes.</summary>
    private const int LargestAnswer = 4 * 1024 * 1024;

    /// <summary>Characters of a refusal that are told.</summary>
    private const int ToldOfRefusal = 200;

    private const int PageSize = 50, MostPages = 100;

    private readonly HttpClient _http;
    private readonly SecretRedactor _redactor;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public CmlClient(CmlConnection connection, TimeProvider time, ILogger<CmlClient> logger)
    {
        (Host, _time, _logger, _redactor) = (connection.Host, time, logger, new SecretRedactor([connection.ApiKey]));
        // A redirection leads to a page for people to log in: no answer to a program.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(connection.Host, "/api/v2/"),
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestAnswer,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", connection.ApiKey.Reveal());
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    public Uri Host { get; }

    /// <summary>Whether the workspace answers and takes the key.</summary>
    public Task CheckAsync(CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, "projects?page_size=1", null, cancellationToken);

    /// <summary>The projects with exactly that name; the server's own search finds each that contains it.</summary>
    public async Task<ImmutableArray<CmlProject>> FindProjectsAsync(string name, CancellationToken cancellationToken)
    {
        var filter = Uri.EscapeDataString($$"""{"name":"{{JsonEncodedText.Encode(name)}}"}""");
        var found = await ListAsync(
            $"projects?search_filter={filter}&page_size={PageSize}", CmlJson.Default.ProjectPage,
            page => (page.Projects, page.NextPageToken), cancellationToken);
        return [.. found.Where(project => project.Name == name)];
    }

    public Task<CmlProject> CreateProjectAsync(NewProject project, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, "projects", ContentOf(project, CmlJson.Default.NewProject), CmlJson.Default.CmlProject,
            created => created.Id, cancellationToken);

    public Task<CmlProject> GetProjectAsync(string project, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, Path(project), null, CmlJson.Default.CmlProject, found => found.Id, cancellationToken);

    public Task<ImmutableArray<CmlJob>> ListJobsAsync(string project, CancellationToken cancellationToken) =>
        ListAsync(
            $"{Path(project)}/jobs?page_size={PageSize}", CmlJson.Default.JobPage, page => (page.Jobs, page.NextPageToken),
            cancellationToken);

    public Task<CmlJob> CreateJobAsync(string project, JobSettings job, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, $"{Path(project)}/jobs", ContentOf(job, CmlJson.Default.JobSettings), CmlJson.Default.CmlJob,
            created => created.Id, cancellationToken);

    /// <summary>Changes a job; its parent stays.</summary>
    public Task UpdateJobAsync(string project, string id, JobSettings job, CancellationToken cancellationToken) =>
        AskAsync(
            HttpMethod.Patch, JobPath(project, id), ContentOf(job with { ParentJobId = null }, CmlJson.Default.JobSettings),
            cancellationToken);

    /// <summary>The newest runs of a job, newest first.</summary>
    public async Task<ImmutableArray<CmlJobRun>> ListRunsAsync(string project, string job, CancellationToken cancellationToken)
    {
        var page = await SendAsync(
            HttpMethod.Get, $"{JobPath(project, job)}/runs?page_size=5", null, CmlJson.Default.RunPage, _ => "", cancellationToken);
        var runs = page.JobRuns ?? page.Runs ?? [];
        // As they came where no times are told.
        return [.. runs.OrderByDescending(run => run.CreatedAt)];
    }

    public Task<CmlJobRun> StartRunAsync(string project, string job, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, $"{JobPath(project, job)}/runs", null, CmlJson.Default.CmlJobRun, run => run.Id, cancellationToken);

    public Task<CmlJobRun> GetRunAsync(string project, string job, string run, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Get, $"{JobPath(project, job)}/runs/{Uri.EscapeDataString(run)}", null, CmlJson.Default.CmlJobRun,
            found => found.Status, cancellationToken);

    public Task<CmlApplication> CreateApplicationAsync(
        string project, NewApplication application, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Post, $"{Path(project)}/applications", ContentOf(application, CmlJson.Default.NewApplication),
            CmlJson.Default.CmlApplication, created => created.Id, cancellationToken);

    public Task<CmlApplication> GetApplicationAsync(string project, string application, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Get, ApplicationPath(project, application), null, CmlJson.Default.CmlApplication, found => found.Status,
            cancellationToken);

    public Task<ImmutableArray<CmlApplication>> ListApplicationsAsync(string project, CancellationToken cancellationToken) =>
        ListAsync(
            $"{Path(project)}/applications?page_size={PageSize}", CmlJson.Default.ApplicationPage,
            page => (page.Applications, page.NextPageToken), cancellationToken);

    /// <summary>Deletes an application; without effect when it is gone.</summary>
    public async Task DeleteApplicationAsync(string project, string application, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(HttpMethod.Delete, ApplicationPath(project, application), null, cancellationToken);
        }
        catch (CmlException exception) when (exception.Error is CmlError.NotFound)
        {
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Path(string project) => $"projects/{Uri.EscapeDataString(project)}";

    private static string JobPath(string project, string job) => $"{Path(project)}/jobs/{Uri.EscapeDataString(job)}";

    private static string ApplicationPath(string project, string application) =>
        $"{Path(project)}/applications/{Uri.EscapeDataString(application)}";

    private static ByteArrayContent ContentOf<T>(T value, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<ImmutableArray<TItem>> ListAsync<TPage, TItem>(
        string path, JsonTypeInfo<TPage> type, Func<TPage, (ImmutableArray<TItem>? Items, string? Next)> read,
        CancellationToken cancellationToken)
    {
        var all = ImmutableArray.CreateBuilder<TItem>();
        string? next = null;
        for (var pages = 0; pages < MostPages; pages++)
        {
            var token = next is null ? "" : $"&page_token={Uri.EscapeDataString(next)}";
            var page = read(await SendAsync(HttpMethod.Get, path + token, null, type, _ => "", cancellationToken));
            all.AddRange(page.Items ?? []);
            if (page.Next is not { Length: > 0 } more || more == next)
            {
                return all.DrainToImmutable();
            }

            next = more;
        }

        throw Failed(CmlError.InvalidAnswer, $"GET {path}: the list does not end");
    }

    /// <param name="required">Without it the answer is of no use; null: it is missing.</param>
    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, Func<T, string?> required,
        CancellationToken cancellationToken)
    {
        var body = await AskAsync(method, path, content, cancellationToken);
        T? value = default;
        try
        {
            value = JsonSerializer.Deserialize(body, type);
        }
        catch (JsonException)
        {
            // What it says quotes the body.
        }

        return value is not null && required(value) is not null
            ? value
            : throw Failed(CmlError.InvalidAnswer, $"{method} {path}: the answer is not the JSON that was expected: {Beginning(body)}");
    }

    private async Task<byte[]> AskAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(RequestLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return response.IsSuccessStatusCode ? body : throw Refusal($"{method} {path}", response.StatusCode, body);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(
                CmlError.Timeout,
                string.Create(CultureInfo.InvariantCulture, $"{method} {path}: no answer within {RequestLimit.TotalSeconds:0} s"),
                exception);
        }
        catch (HttpRequestException exception)
        {
            throw exception.HttpRequestError is HttpRequestError.ConfigurationLimitExceeded
                ? Failed(CmlError.InvalidAnswer, $"{method} {path}: the answer is larger than {LargestAnswer} bytes", exception)
                : Failed(CmlError.Unreachable, $"{method} {path}: {Host} cannot be asked: {exception.Message}", exception);
        }
    }

    private CmlException Refusal(string call, HttpStatusCode status, byte[] body) => Failed(
        status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => CmlError.Unauthorized,
            HttpStatusCode.NotFound => CmlError.NotFound,
            >= HttpStatusCode.InternalServerError => CmlError.ServerFailed,
            _ => CmlError.Refused,
        },
        string.Create(CultureInfo.InvariantCulture, $"{call}: HTTP {(int)status}: {Beginning(body)}"));

    /// <summary>A server may repeat what it was sent.</summary>
    private string Beginning(byte[] body)
    {
        // Cut after the key was taken out, so that no part of it is left at the cut.
        var text = _redactor.Redact(Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 64 * 1024))));
        return text.Length <= ToldOfRefusal ? text : text[..ToldOfRefusal] + "...";
    }

    private CmlException Failed(CmlError error, string message, Exception? inner = null)
    {
        var told = _redactor.Redact(message);
        Log.Failed(_logger, error, told);
        return new CmlException(error, told, inner);
    }

    private static partial class Log
    {
        [LoggerMessage(7901, LogLevel.Warning, "Cloudera ML: {Error}: {Reason}")]
        public static partial void Failed(ILogger logger, CmlError error, string reason);
    }
}
