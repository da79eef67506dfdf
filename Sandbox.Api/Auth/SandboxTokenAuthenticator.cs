using System.Globalization;
using Sandbox.Api.Caching;
using Sandbox.Contracts.Ids;

namespace Sandbox.Api.Auth;

/// <summary>Lets callers in who have the access token of the sandbox that their request goes into, or a signature that was made with
/// it.</summary>
internal sealed class SandboxTokenAuthenticator(
    SandboxAccessTokens tokens, SandboxRecordCache sandboxes, WrongKeyLimiter wrongKeys, TimeProvider time)
{
    public const string TokenHeader = "X-Access-Token";
    public const string TrafficHeader = "E2B-Traffic-Access-Token";
    public const string MissingSignature = "missing signature query parameter";

    private const string FilesPath = "/files";
    private const string Signature = "signature";
    private const string Expiration = "signature_expiration";

    private static readonly AuthenticationResult.Refused WrongToken = Refused("The access token is not that of this sandbox.");

    /// <returns>Null: the request has neither, or does not go into a sandbox.</returns>
    public async ValueTask<AuthenticationResult?> AuthenticateAsync(HttpContext http)
    {
        if (http.Features.Get<SandboxAddress>() is not { } address)
        {
            return null;
        }

        var (token, isSigned) = (TokenIn(http.Request.Headers), IsAboutFiles(http) && http.Request.Query.ContainsKey(Signature));
        if (token is null && !isSigned)
        {
            return null;
        }

        if (!wrongKeys.MayAsk(http))
        {
            return WrongKeyLimiter.TooMany;
        }

        var known = SandboxId.TryParse(address.Sandbox, null, out var id)
            ? sandboxes.Find(id) ?? await sandboxes.LookUpAsync(id, http.RequestAborted) : null;
        var refused = token is not null
            ? known is not null && tokens.Accepts(id, known.Incarnation, token) ? null : WrongToken
            : WhyUnsigned(http.Request, known);
        if (refused is not null)
        {
            wrongKeys.Count(http);
            return refused;
        }

        return new AuthenticationResult.Admitted(new Caller(known!.Tenant, IsAdmin: false) { Key = $"access token of sandbox {id}" });
    }

    /// <summary>Whether a request is one that a signature could stand for.</summary>
    public static bool IsAboutFiles(HttpContext http) =>
        http.Features.Get<SandboxAddress>() is { IsEnvd: true } && http.Request.Path == FilesPath;

    private AuthenticationResult.Refused? WhyUnsigned(HttpRequest request, KnownSandbox? sandbox)
    {
        var query = request.Query;
        long? expiration = null;
        if (query.ContainsKey(Expiration))
        {
            if (!long.TryParse(query[Expiration], NumberStyles.None, CultureInfo.InvariantCulture, out var at))
            {
                return Refused("invalid signature");
            }

            expiration = at;
        }

        var operation = HttpMethods.IsPost(request.Method) ? "write" : "read";
        return sandbox is null || query[Signature] is not [{ } signature] || !tokens.Accepts(
            sandbox.Id, sandbox.Incarnation, signature, query["path"].ToString(), operation, query["username"].ToString(), expiration)
            ? Refused("invalid signature")
            : expiration < time.GetUtcNow().ToUnixTimeSeconds() ? Refused("signature is already expired")
            : null;
    }

    private static string? TokenIn(IHeaderDictionary headers) =>
        headers[TokenHeader] is [{ Length: > 0 } token] ? token
        : headers[TrafficHeader] is [{ Length: > 0 } traffic] ? traffic
        : null;

    private static AuthenticationResult.Refused Refused(string text) =>
        new(StatusCodes.Status401Unauthorized, "unauthorized", text);
}
