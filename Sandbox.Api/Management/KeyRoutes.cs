using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

/// <summary>API keys. A secret is made here, answered once, and kept as its hash only.</summary>
internal sealed class KeyRoutes(ITenantStore tenants, TimeProvider time)
{
    private const string SecretPrefix = "sbx_";
    private const int SecretBytes = 32;
    private const int IdBytes = 8;
    private const int LongestNote = 200;

    public async Task ListAsync(HttpContext http)
    {
        var all = await tenants.ListKeysAsync(http.RequestAborted);
        await ManagementBody.WriteAsync(http, [.. all.Select(ResultOf)], ManagementJson.Default.IReadOnlyListKeyResult);
    }

    public async Task CreateAsync(HttpContext http)
    {
        if (await ManagementBody.ReadAsync(http, ManagementJson.Default.KeyRequest) is not { } request)
        {
            return;
        }

        var now = time.GetUtcNow();
        if (ProblemOf(request, now) is { } problem)
        {
            await Problems.BadRequestAsync(http, problem);
            return;
        }

        var secret = SecretPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var key = new ApiKey(
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdBytes)), request.Tenant ?? Tenant.Default, request.Note ?? "",
            SHA256.HashData(Encoding.UTF8.GetBytes(secret)), request.Admin, now, request.ExpiresAt, RevokedAt: null);
        if (!await tenants.TryAddKeyAsync(key, http.RequestAborted))
        {
            await Problems.NotFoundAsync(http, "There is no such tenant.");
            return;
        }

        http.Response.StatusCode = StatusCodes.Status201Created;
        http.Response.Headers.CacheControl = "no-store";
        await ManagementBody.WriteAsync(
            http, new NewKeyResult(key.Id, key.Tenant, key.IsAdmin, key.Note, key.ExpiresAt, secret), ManagementJson.Default.NewKeyResult);
    }

    public async Task RevokeAsync(HttpContext http) =>
        await (await tenants.TryRevokeKeyAsync((string)http.GetRouteValue("id")!, http.RequestAborted)
            ? ManagementBody.WriteNothingAsync(http)
            : Problems.NotFoundAsync(http, "There is no such key, or it was revoked before."));

    private static string? ProblemOf(KeyRequest request, DateTimeOffset now) =>
        request.Note is { } note && (note.Length > LongestNote || note.Any(char.IsControl))
            ? $"note: at most {LongestNote} printable characters."
        : request.ExpiresAt <= now ? "expires_at: it lies in the past."
        : null;

    private static KeyResult ResultOf(ApiKey key) =>
        new(key.Id, key.Tenant, key.IsAdmin, key.Note, key.CreatedAt, key.ExpiresAt, key.RevokedAt);
}
