using System.Buffers;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;

namespace Sandbox.Api.EnvHub;

/// <summary>Reads the JSON bodies of EnvHub. Whatever is wrong with one is answered here.</summary>
internal static class EnvHubBody
{
    /// <summary>Largest body, bytes.</summary>
    private const int Limit = 32 * 1024;

    /// <summary>The request, or null when the body was refused and the answer is already written.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext http, Func<Fields, T> read)
        where T : class
    {
        using var body = await BoundedBody.ReadAsync(http.Request.Body, Limit, http.RequestAborted);
        if (body is null)
        {
            await JsonAnswer.WriteDetailAsync(
                http, StatusCodes.Status413PayloadTooLarge, $"The body is larger than the limit of {Limit} bytes.");
            return null;
        }

        var (request, problems) = JsonFields.Read(
            http.Request.ContentType, new ReadOnlySequence<byte>(body.Bytes), read, static _ => "body: JSON decode error");
        if (problems.Count == 0)
        {
            return request;
        }

        await EnvHubAnswer.RefuseAsync(http, problems);
        return null;
    }
}
