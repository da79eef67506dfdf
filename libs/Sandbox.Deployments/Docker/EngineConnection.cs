using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Deployments.Images;
using Sandbox.Node;
using Version = System.Version;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// The one connection of a process to its engine: finds the address, settles the API version once, and turns every failure
/// of the client library into an <see cref="EngineException"/>. The classes of the nouns (containers, images, events) call it.
/// </summary>
internal sealed class EngineConnection(IOptions<WorkerOptions> options, TimeProvider time, WorkerTelemetry? telemetry = null) : IDisposable
{
    /// <summary>The oldest API that has all we ask for (Docker 20.10), and the newest that is spoken to.</summary>
    public static readonly Version OldestApi = new(1, 41), NewestApi = new(1, 47);

    /// <summary>Within this an engine that is alive has answered a question that costs it nothing.</summary>
    public static readonly TimeSpan QuickAnswer = TimeSpan.FromSeconds(5);

    /// <summary>Within this an engine that is alive has made, started, stopped or removed a container, even a busy one.</summary>
    public static readonly TimeSpan Answer = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private Task<Settled>? _settled;

    /// <summary>The facts about the engine, asked at the first use and kept.</summary>
    public async Task<EngineFacts> FactsAsync(CancellationToken cancellationToken) =>
        (await SettleAsync(Answer, cancellationToken)).Facts;

    /// <summary>Throws unless the engine answers within <see cref="QuickAnswer"/>.</summary>
    public Task PingAsync(CancellationToken cancellationToken) =>
        CallAsync("ping", (client, token) => client.System.PingAsync(token), QuickAnswer, cancellationToken);

    /// <summary>Runs one call. <paramref name="within"/> is the time after which the engine counts as not answering;
    /// <see cref="Timeout.InfiniteTimeSpan"/> for streams and waits.</summary>
    /// <param name="verb">What it is called where it is counted and traced.</param>
    public async Task<T> CallAsync<T>(
        string verb, Func<DockerClient, CancellationToken, Task<T>> call, TimeSpan within, CancellationToken cancellationToken)
    {
        var client = (await SettleAsync(within, cancellationToken)).Client;
        using var span = WorkerTelemetry.StartEngineCall(verb);
        var begun = time.GetTimestamp();
        var outcome = "failed";
        try
        {
            var answer = await TranslateAsync(token => call(client, token), within, cancellationToken);
            outcome = "done";
            return answer;
        }
        catch (EngineException refused)
        {
            outcome = refused.Unreachable ? "unreachable" : "refused";
            span?.SetStatus(ActivityStatusCode.Error, refused.Message);
            throw;
        }
        finally
        {
            telemetry?.OnEngineAnswered(verb, outcome, time.GetElapsedTime(begun));
        }
    }

    /// <inheritdoc cref="CallAsync{T}"/>
    public Task CallAsync(
        string verb, Func<DockerClient, CancellationToken, Task> call, TimeSpan within, CancellationToken cancellationToken) =>
        CallAsync<object?>(
            verb,
            async (client, token) =>
            {
                await call(client, token);
                return null;
            },
            within,
            cancellationToken);

    /// <summary>Runs one transfer of an image to or from a registry, of whatever length, as long as something of it moves. A transfer
    /// answers 200 and reports its failure inside the stream; that is thrown, too.</summary>
    /// <param name="silent">What a registry that moves nothing has done ("sent nothing").</param>
    public async Task TransferAsync(
        string verb, string silent, Func<DockerClient, IProgress<JSONMessage>, CancellationToken, Task> transfer,
        IProgress<JSONMessage>? progress, CancellationToken cancellationToken)
    {
        var longest = options.Value.TransferSilence;
        using var watch = new TransferWatch(progress, longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Stalled);
        try
        {
            await CallAsync(verb, (client, token) => transfer(client, watch, token), Timeout.InfiniteTimeSpan, either.Token);
        }
        catch (OperationCanceledException exception)
            when (watch.Stalled.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new EngineException(RegistryFailure.Silence(silent, longest), HttpStatusCode.GatewayTimeout, exception);
        }

        watch.ThrowIfFailed();
    }

    public void Dispose()
    {
        if (_settled is { IsCompletedSuccessfully: true } settled)
        {
            settled.Result.Client.Dispose();
        }
    }

    /// <summary>All that come while it is being asked share the answer, so that an engine that hangs is asked once, and none of them waits
    /// longer for it than for the call itself; a failure is asked again by the next.</summary>
    private async Task<Settled> SettleAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        Task<Settled> settled;
        lock (_lock)
        {
            if (_settled is null or { IsFaulted: true })
            {
                _settled = AskAsync();
            }

            settled = _settled;
        }

        try
        {
            return await settled.WaitAsync(within, time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw DidNotAnswer(within, exception);
        }
    }

    private async Task<Settled> AskAsync()
    {
        using var unversioned = Build(null);
        var answers = await TranslateAsync(
            async token =>
            {
                var (version, info) = (unversioned.System.GetVersionAsync(token), unversioned.System.GetSystemInfoAsync(token));
                await Task.WhenAll(version, info);
                return (Version: await version, Info: await info);
            },
            Answer,
            CancellationToken.None);
        var api = Choose(answers.Version);
        return new Settled(Build(api), EngineFacts.Of(answers.Info, api));
    }

    private static Version Choose(VersionResponse version)
    {
        if (!Version.TryParse(version.APIVersion, out var newest) || newest < OldestApi)
        {
            throw new EngineException(
                $"Docker Engine {version.Version} is too old: API {version.APIVersion}, needed is {OldestApi}.",
                HttpStatusCode.UpgradeRequired, null);
        }

        if (Version.TryParse(version.MinAPIVersion, out var oldest) && oldest > NewestApi)
        {
            throw new EngineException(
                $"Docker Engine {version.Version} is too new: it speaks API {oldest} and later, {NewestApi} is the newest known here.",
                HttpStatusCode.UpgradeRequired, null);
        }

        return newest < NewestApi ? newest : NewestApi;
    }

    private DockerClient Build(Version? api)
    {
        try
        {
            var address = options.Value.DockerHost is { Length: > 0 } host ? new Uri(host) : DockerConfig.Instance.GetEndpoint();
            var builder = new DockerClientBuilder().WithEndpoint(address).WithApiVersion(api).WithTimeout(Timeout.InfiniteTimeSpan);
            return address.Scheme == "unix"
                ? builder.WithTransportOptions(new EngineTransport(), new EngineTransportOptions(address.LocalPath)).Build()
                : builder.Build();
        }
        catch (Exception exception) when (exception is UriFormatException or NotSupportedException or DockerConfigurationException)
        {
            throw new EngineException($"the engine's address cannot be used: {exception.Message}", null, exception);
        }
    }

    private async Task<T> TranslateAsync<T>(Func<CancellationToken, Task<T>> call, TimeSpan within, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw DidNotAnswer(within, exception);
        }
        catch (DockerApiException exception)
        {
            throw new EngineException(Said(exception), exception.StatusCode, exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or JsonException)
        {
            throw new EngineException($"the engine does not answer: {exception.GetBaseException().Message}", null, exception);
        }
    }

    private static EngineException DidNotAnswer(TimeSpan within, Exception exception) =>
        new($"the engine did not answer within {within.TotalSeconds:0} s", null, exception);

    /// <summary>The engine's own sentence, without the frame that the client library puts around it.</summary>
    private static string Said(DockerApiException exception)
    {
        try
        {
            using var body = JsonDocument.Parse(exception.ResponseBody ?? "");
            return body.RootElement.GetProperty("message").GetString() ?? exception.Message;
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return exception.Message;
        }
    }

    private sealed record Settled(DockerClient Client, EngineFacts Facts);
}
