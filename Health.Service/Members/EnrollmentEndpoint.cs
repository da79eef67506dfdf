using System.Text.Json;
using Health.Service.Http;
using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Health.Service.Members;

/// <summary>Tells a node that shows a join token what the cluster's processes have in common, under the token's seal.</summary>
internal sealed partial class EnrollmentEndpoint(
    IMemberStore members, IOptions<ClusterOptions> cluster, ClusterSecret secret, IConfiguration settings, TimeProvider time,
    ILogger<EnrollmentEndpoint> logger)
{
    private readonly LogThrottle _refusals = new(time);

    public async Task HandleAsync(HttpContext http)
    {
        if (await HealthAnswers.ReadAsync(http, HeadJson.Default.EnrollmentRequest) is not { } request)
        {
            return;
        }

        if (!JoinToken.IsNode(request.Node) || http.Request.Headers[HealthRoutes.JoinTokenHeader] is not [{ } admission])
        {
            await HealthAnswers.BadRequestAsync(
                http, $"node: 1 to {JoinToken.LongestNode} printable characters; and one header {HealthRoutes.JoinTokenHeader}.");
            return;
        }

        var caller = http.Connection.RemoteIpAddress?.ToString();
        var hash = EnrollmentSecret.HashOf(admission);
        if (await members.TryUseTokenAsync(request.Node, hash, http.RequestAborted) is not { } sealKey)
        {
            if (_refusals.TryPass(out var suppressed))
            {
                Log.Refused(logger, request.Node, caller, suppressed);
            }

            await HealthAnswers.DeniedAsync(http, JoinTokens.Refusal);
            return;
        }

        Log.Joined(logger, request.Node, caller, JoinToken.IdOf(hash));
        var joined = new ClusterCredentials(
            cluster.Value.Id, secret.Reveal(),
            settings.GetConnectionString(StorageServiceCollectionExtensions.DatabaseName) is { Length: > 0 } database ? database : null);
        var text = JsonSerializer.SerializeToUtf8Bytes(joined, HeadJson.Default.ClusterCredentials);
        http.Response.Headers.CacheControl = "no-store";
        await HealthAnswers.WriteAsync(
            http, StatusCodes.Status200OK, new EnrollmentResponse(EnrollmentSecret.Seal(sealKey, text)),
            HeadJson.Default.EnrollmentResponse);
    }

    private static partial class Log
    {
        [LoggerMessage(
            6023, LogLevel.Warning, "Node {Node} at {Caller} wanted to join with a token that is not good; {Suppressed} more before it")]
        public static partial void Refused(ILogger logger, string node, string? caller, long suppressed);

        [LoggerMessage(
            6024, LogLevel.Information, "Node {Node} at {Caller} joined with token {Token} and knows the cluster's secret from now on")]
        public static partial void Joined(ILogger logger, string node, string? caller, string token);
    }
}
