using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

/// <summary>API keys. A secret is made here, answered once, and kept as its hash only.</summary>
internal static class KeyRoutes
{
    private const string SecretPrefix = "sbx_";
    private const int SecretBytes = 32;
    private const int IdBytes = 8;
    private const int LongestNote = 200;

    public static void MapKeys(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("API keys");
        group.MapGet("/keys", ListAsync).WithSummary("API keys, revoked ones included, without their secrets");
        group.MapPost("/keys", CreateAsync).WithSummary("Makes an API key; its secret is in this answer and nowhere else");
        group.MapDelete("/keys/{id}", RevokeAsync).WithSummary("Revokes an API key");
    }

    private static async Task<JsonOk<IReadOnlyList<KeyResult>>> ListAsync(ITenantStore tenants, CancellationToken cancellationToken)
    {
        var all = await tenants.ListKeysAsync(cancellationToken);
        return new([.. all.Select(ResultOf)]);
    }

    private static async Task<Results<JsonCreated<NewKeyResult>, ProblemResult>> CreateAsync(
        JsonBody<KeyRequest> body, ITenantStore tenants, CurrentCaller caller, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        var (request, now) = (body.Value, time.GetUtcNow());
        if (ProblemOf(request, now) is { } problem)
        {
            return ProblemResult.BadRequest(problem);
        }

        // Nobody gives away more than they have: a key that could make others for what it may not do would be worth as much.
        var permissions = (request.Permissions ?? []).Distinct().ToList();
        if (permissions.Find(permission => !caller.Value.Permissions.Contains(permission)) is { } foreign)
        {
            return new ProblemResult(
                StatusCodes.Status403Forbidden, "forbidden", $"permissions: {foreign} can be given only by a caller who has it.");
        }

        var secret = SecretPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var key = new ApiKey(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), request.Tenant ?? Tenant.Default, request.Note ?? "",
            SHA256.HashData(Encoding.UTF8.GetBytes(secret)), request.Admin, now, request.ExpiresAt, RevokedAt: null)
        { Permissions = permissions };
        return await tenants.TryAddKeyAsync(key, cancellationToken)
            ? new JsonCreated<NewKeyResult>(
                new NewKeyResult(key.Id, key.Tenant, key.IsAdmin, key.Note, key.ExpiresAt, secret) { Permissions = permissions })
            { IsSecret = true }
            : ProblemResult.NotFound("There is no such tenant.");
    }

    private static async Task<Results<NoContent, ProblemResult>> RevokeAsync(
        string id, ITenantStore tenants, CancellationToken cancellationToken) =>
        await tenants.TryRevokeKeyAsync(id, cancellationToken)
            ? TypedResults.NoContent()
            : ProblemResult.NotFound("There is no such key, or it was revoked before.");

    private static string? ProblemOf(KeyRequest request, DateTimeOffset now) =>
        request.Note is { } note && (note.Length > LongestNote || note.Any(char.IsControl))
            ? $"note: at most {LongestNote} printable characters."
        : request.ExpiresAt <= now ? "expires_at: it lies in the past."
        : request.Permissions?.Any(permission => !Permission.All.Contains(permission)) is true
            ? $"permissions: of {string.Join(", ", Permission.All)}."
        : null;

    private static KeyResult ResultOf(ApiKey key) =>
        new(key.Id, key.Tenant, key.IsAdmin, key.Note, key.CreatedAt, key.ExpiresAt, key.RevokedAt) { Permissions = key.Permissions };
}
