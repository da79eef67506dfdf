using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Sandbox.Api.Http;

namespace Sandbox.Api.Management;

/// <summary>The JSON body of a request of the management routes. It is read when the handler asks for it, so that a caller who may not
/// ask sends none.</summary>
internal sealed class JsonBody<T>(HttpContext http) : IBindableFromHttpContext<JsonBody<T>>, IEndpointParameterMetadataProvider
    where T : class
{
    /// <summary>Largest body, bytes.</summary>
    private const int Limit = 64 * 1024;

    private T? _value;

    /// <summary>The only way to write one in JSON.</summary>
    private static ReadOnlySpan<byte> Nul => "\\u0000"u8;

    /// <summary>After <see cref="ReadAsync"/> found no problem.</summary>
    public T Value => _value ?? throw new InvalidOperationException("The body was not read, or could not be.");

    /// <summary>The request has none.</summary>
    public bool IsAbsent => http.Request.ContentLength is 0
        || http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false };

    public static ValueTask<JsonBody<T>?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<JsonBody<T>?>(new JsonBody<T>(context));

    /// <summary>Describes the body. Names no content type: routing would then refuse requests of another in a form of its own.</summary>
    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata([], typeof(T)));

    /// <summary>What is wrong with the body; null: nothing, and <see cref="Value"/> has it.</summary>
    public async Task<ProblemResult?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!JsonMediaType.Is(http.Request.ContentType))
        {
            return new ProblemResult(
                StatusCodes.Status415UnsupportedMediaType, "not_json", "The body must have the content type application/json.");
        }

        using var body = await BoundedBody.ReadAsync(http.Request.Body, Limit, cancellationToken);
        if (body is null)
        {
            return new ProblemResult(StatusCodes.Status413PayloadTooLarge, "too_large", $"The body is larger than {Limit} bytes.");
        }

        if (body.Bytes.Span.IndexOf(Nul) >= 0)
        {
            return ProblemResult.BadRequest("The body contains a NUL character, which no database keeps.");
        }

        try
        {
            _value = JsonSerializer.Deserialize(body.Bytes.Span, ManagementAnswer.TypeInfoOf<T>());
        }
        catch (JsonException)
        {
            // What it says quotes the body.
        }

        return _value is null ? ProblemResult.BadRequest("The body is not JSON of the expected form.") : null;
    }
}
