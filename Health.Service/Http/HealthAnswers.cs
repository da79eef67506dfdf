using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.WebUtilities;
using Sandbox.Contracts.Management;

namespace Health.Service.Http;

/// <summary>Bodies of this service: small JSON, and problem details with a code that stays.</summary>
internal static class HealthAnswers
{
    /// <summary>Largest body, bytes.</summary>
    private const int Limit = 16 * 1024;

    /// <summary>Null when it was refused and the answer is written.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        if (http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = Limit;
        }

        try
        {
            if (await JsonSerializer.DeserializeAsync(http.Request.Body, type, http.RequestAborted) is { } request)
            {
                return request;
            }
        }
        catch (JsonException)
        {
            // What it says quotes the body.
        }

        await ProblemAsync(http, StatusCodes.Status400BadRequest, "bad_request", "The body is not JSON of the expected form.");
        return null;
    }

    public static Task WriteAsync<T>(HttpContext http, int status, T answer, JsonTypeInfo<T> type)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(answer, type, contentType: null, http.RequestAborted);
    }

    public static Task ProblemAsync(HttpContext http, int status, string code, string detail)
    {
        http.Response.StatusCode = status;
        var problem = new ProblemMessage("about:blank", ReasonPhrases.GetReasonPhrase(status), status, code, detail);
        return http.Response.WriteAsJsonAsync(
            problem, ManagementJson.Default.ProblemMessage, "application/problem+json", http.RequestAborted);
    }

    public static Task BadRequestAsync(HttpContext http, string detail) =>
        ProblemAsync(http, StatusCodes.Status400BadRequest, "bad_request", detail);

    public static Task DeniedAsync(HttpContext http, string detail) =>
        ProblemAsync(http, StatusCodes.Status401Unauthorized, "denied", detail);
}
