using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Agent.Files;
using Sandbox.Agent.Gem;
using Sandbox.Agent.Http;
using Sandbox.Agent.Sessions;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Rock;

/// <summary>A failure of the ROCK routes that no core names.</summary>
internal sealed class RockFailure(string message) : Exception(message);

/// <summary>A command that was given up because its time was over.</summary>
internal sealed class CommandTimeout(string message) : Exception(message);

/// <summary>How failures travel on the ROCK routes: 511 with their text, 504 for a time that was over, 422 for a body that cannot be
/// read.</summary>
internal static class RockFailures
{
    private const int Failed = 511;

    private static readonly Dictionary<string, string> NoDetails = [];

    /// <summary>Answers the failures that a caller can cause.</summary>
    public static RequestDelegate Guard(RequestDelegate handler) => async context =>
    {
        try
        {
            await handler(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (Exception failure)
            when (failure is SessionFailure or FileFailure or GemFailure or RockFailure or CommandTimeout or InvalidDataException)
        {
            await AnswerAsync(context, failure);
        }
    };

    /// <summary>The request, or <see cref="InvalidDataException"/>.</summary>
    public static async Task<T> BodyAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class =>
        await context.ReadJsonAsync(type) ?? throw new InvalidDataException("The body is not the JSON of this request.");

    private static Task AnswerAsync(HttpContext context, Exception failure) => failure switch
    {
        CommandTimeout or SessionFailure { Kind: SessionFailureKind.TimedOut } =>
            DetailAsync(context, StatusCodes.Status504GatewayTimeout, failure.Message),
        InvalidDataException => DetailAsync(context, StatusCodes.Status422UnprocessableEntity, failure.Message),
        SessionFailure session => FailAsync(context, $"Session{session.Kind}", session.Message, session.Details),
        GemFailure gem => FailAsync(context, nameof(GemFailure), gem.Message, NoDetails),
        FileFailure file => FailAsync(context, $"File{file.Kind}", file.Message, NoDetails),
        _ => FailAsync(context, "CommandFailure", failure.Message, NoDetails),
    };

    private static Task FailAsync(HttpContext context, string kind, string message, IReadOnlyDictionary<string, string> details) =>
        context.WriteJsonAsync(
            new AgentFailure(new AgentFailureDetail(message, $"sandbox.agent.{kind}", "", details)), RockJson.Default.AgentFailure, Failed);

    private static async Task DetailAsync(HttpContext context, int status, string detail)
    {
        context.Response.StatusCode = status;
        await RockEndpoints.JsonAsync(context, $$"""{"detail":"{{JsonEncodedText.Encode(detail)}}"}""");
    }
}
