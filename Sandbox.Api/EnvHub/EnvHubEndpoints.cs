using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.EnvHub;

/// <summary>ROCK's registry of environments: images under names, with what their tenant says of them.</summary>
internal sealed class EnvHubEndpoints(
    TenantScopedEnvironments environments, TimeProvider time, IOptions<ApiOptions> options, RequestEdge edge)
{
    /// <summary>Answers as ROCK's EnvHub gives them, which its Python SDK reads.</summary>
    public const string Prefix = "/envhub";

    /// <summary>The same answers in envelopes, which its TypeScript SDK reads.</summary>
    public const string EnvelopedPrefix = Prefix + "/enveloped";

    private static readonly JsonElement EmptyObject = JsonElement.Parse("{}"u8);

    /// <summary>What each tenant finds under this name until it registers another.</summary>
    private readonly RegisteredEnvironment _default = new("", "EnvhubDefaultDockerImage", options.Value.EnvironmentImage)
    {
        Owner = "ENVHUB",
        Description = "Default docker environment provided by EnvHub",
        Tags = ["default", "system", "envhub"],
        ExtraSpec = "{}",
        CreatedAt = time.GetUtcNow(),
        UpdatedAt = time.GetUtcNow(),
    };

    public void Map(IEndpointRouteBuilder app)
    {
        Map(app.MapGroup(Prefix), isEnveloped: false);
        Map(app.MapGroup(EnvelopedPrefix), isEnveloped: true);
        if (options.Value.EnvHubPort is > 0 and var port)
        {
            Map(app.MapGroup("").RequireHost($"*:{port}"), isEnveloped: false);
        }
    }

    private void Map(RouteGroupBuilder group, bool isEnveloped)
    {
        Post<EnvironmentMessage, EnvironmentMessage>(
            "/env/register", RegisterAsync, "Registers an environment, or replaces the one of its name");
        Post<EnvironmentNameRequest, EnvironmentMessage>("/env/get", GetAsync, "The environment of a name");
        Post<EnvironmentListRequest, EnvironmentList>("/env/list", ListAsync, "All environments, or those of an owner or with some tags");
        Post<EnvironmentNameRequest, object>("/env/delete", DeleteAsync, "Removes the environment of a name");
        Add<object>(group.MapGet("/health", Handler(HealthAsync)), HealthAsync, "Whether EnvHub answers");

        void Post<TBody, TResult>(string path, Func<HttpContext, bool, Task> handler, string summary) =>
            Add<TResult>(group.MapPost(path, Handler(handler)), handler, summary)
                // It names no content type: routing would refuse requests of another by itself.
                .WithMetadata(new AcceptsMetadata([], typeof(TBody)));

        IEndpointConventionBuilder Add<TResult>(
            IEndpointConventionBuilder endpoint, Func<HttpContext, bool, Task> handler, string summary) =>
            endpoint.WithSummary(summary).WithTags("Environments").WithMetadata(
                // The document takes in what has a method, which a bare request delegate does not show.
                handler.Method,
                new ProducesResponseTypeMetadata(
                    StatusCodes.Status200OK, isEnveloped ? typeof(RockEnvelope<>).MakeGenericType(typeof(TResult)) : typeof(TResult),
                    ["application/json"]));

        RequestDelegate Handler(Func<HttpContext, bool, Task> handler) => http => GuardAsync(http, () => handler(http, isEnveloped));
    }

    private Task GuardAsync(HttpContext http, Func<Task> handle) => edge.RunAsync(
        http, handle, () => JsonAnswer.WriteDetailAsync(http, StatusCodes.Status500InternalServerError, RequestEdge.Surprise));

    private async Task RegisterAsync(HttpContext http, bool isEnveloped)
    {
        if (await EnvHubBody.ReadAsync(http, EnvHubRequests.Register) is not { } register)
        {
            return;
        }

        var now = time.GetUtcNow();
        if (await environments.TryPutAsync(tenant => register(tenant, now), http.RequestAborted) is { } kept)
        {
            await AnswerAsync(http, isEnveloped, kept);
        }
        else
        {
            await JsonAnswer.WriteDetailAsync(
                http, StatusCodes.Status409Conflict, $"The tenant has {TenantScopedEnvironments.Most} environments; delete one first.");
        }
    }

    private async Task GetAsync(HttpContext http, bool isEnveloped)
    {
        if (await EnvHubBody.ReadAsync(http, EnvHubRequests.Name) is not { } name)
        {
            return;
        }

        var found = await environments.FindAsync(name, http.RequestAborted) ?? (name == _default.Name ? _default : null);
        await (found is null ? MissingAsync(http, name) : AnswerAsync(http, isEnveloped, found));
    }

    private async Task ListAsync(HttpContext http, bool isEnveloped)
    {
        if (await EnvHubBody.ReadAsync(http, EnvHubRequests.Filter) is not { } wanted)
        {
            return;
        }

        var registered = await environments.ListAsync(http.RequestAborted);
        var all = registered.Any(one => one.Name == _default.Name) ? registered : [_default, .. registered];
        var list = new EnvironmentList([.. all.Where(wanted).Select(one => MessageOf(one, isEnveloped))]);
        await EnvHubAnswer.WriteAsync(
            http, isEnveloped, writer => JsonSerializer.Serialize(writer, list, RockJson.Default.EnvironmentList));
    }

    private async Task DeleteAsync(HttpContext http, bool isEnveloped)
    {
        if (await EnvHubBody.ReadAsync(http, EnvHubRequests.Name) is { } name)
        {
            await (await environments.TryDeleteAsync(name, http.RequestAborted)
                ? EnvHubAnswer.WriteAsync(http, isEnveloped, static writer => writer.WriteBooleanValue(true))
                : MissingAsync(http, name));
        }
    }

    private static Task HealthAsync(HttpContext http, bool isEnveloped) => EnvHubAnswer.WriteAsync(http, isEnveloped, static writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("status", "ok");
        writer.WriteEndObject();
    });

    private static Task MissingAsync(HttpContext http, string name) =>
        JsonAnswer.WriteDetailAsync(http, StatusCodes.Status404NotFound, $"Environment {name} not found");

    private static Task AnswerAsync(HttpContext http, bool isEnveloped, RegisteredEnvironment environment) => EnvHubAnswer.WriteAsync(
        http, isEnveloped,
        writer => JsonSerializer.Serialize(writer, MessageOf(environment, isEnveloped), RockJson.Default.EnvironmentMessage));

    /// <summary>ROCK's TypeScript SDK takes an object or nothing for the extra specification, and no null.</summary>
    private static EnvironmentMessage MessageOf(RegisteredEnvironment environment, bool isEnveloped) =>
        new(environment.Name, environment.Image)
        {
            Owner = environment.Owner,
            Description = environment.Description,
            Tags = environment.Tags,
            ExtraSpec = environment.ExtraSpec is { } text ? JsonElement.Parse(text) : isEnveloped ? EmptyObject : null,
            CreateAt = TimeOf(environment.CreatedAt),
            UpdateAt = TimeOf(environment.UpdatedAt),
        };

    private static string TimeOf(DateTimeOffset at) =>
        at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
}
