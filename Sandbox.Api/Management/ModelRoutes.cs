using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Http;
using Sandbox.Api.Serving;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Models;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Configuration;

namespace Sandbox.Api.Management;

/// <summary>The models that a tenant serves on this cluster.</summary>
internal static class ModelRoutes
{
    private const int LongestName = 128;
    private const int MostReplicas = 1000;
    private const int MostAliases = 100;

    /// <summary>Below the models it is a route of its own.</summary>
    private const string ReservedName = "usage";

    public static void MapModels(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Models");
        group.MapGet("/models", ListAsync).WithSummary("The models that are served");
        group.MapPost("/models", CreateAsync).WithSummary("Serves a model; its engines are started afterwards");
        group.MapGet("/models/{name}", FindAsync).WithSummary("A model, its state and its replicas");
        group.MapDelete("/models/{name}", DeleteAsync).WithSummary("Ends a model and all of its engines");
        group.MapGet("/models/{name}/logs", (HttpContext http, ModelLogEndpoint logs) => logs.HandleAsync(http))
            .WithSummary("What a model's engines have printed, with follow=true also what they go on to print")
            .WithMetadata(
                new QueryParameters(ModelLogEndpoint.Query), StreamMetadata.Instance,
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/plain"]));
    }

    public static ProblemResult NotFound() => ProblemResult.NotFound("There is no such model.");

    private static async Task<JsonOk<IReadOnlyList<ModelResult>>> ListAsync(
        TenantScopedModels models, CancellationToken cancellationToken)
    {
        var all = await models.ListAsync(cancellationToken);
        return new([.. all.Select(ResultOf)]);
    }

    private static async Task<Results<JsonOk<ModelResult>, ProblemResult>> FindAsync(
        string name, TenantScopedModels models, CancellationToken cancellationToken) =>
        await models.FindAsync(name, cancellationToken) is { } model ? new JsonOk<ModelResult>(ResultOf(model)) : NotFound();

    private static async Task<Results<JsonCreated<ModelResult>, ProblemResult>> CreateAsync(
        JsonBody<ModelRequest> body, TenantScopedModels models, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (!TryRead(body.Value, out var order, out var problem))
        {
            return ProblemResult.BadRequest(problem);
        }

        var started = await models.StartAsync(order, cancellationToken);
        return started.IsAccepted ? new JsonCreated<ModelResult>(ResultOf(started.Model)) : ProblemResult.Of(started.Failure);
    }

    private static async Task<Results<NoContent, ProblemResult>> DeleteAsync(
        string name, TenantScopedModels models, CancellationToken cancellationToken) =>
        await models.StopAsync(name, cancellationToken) ? TypedResults.NoContent() : NotFound();

    /// <summary>The order that a request is, checked.</summary>
    internal static bool TryRead(
        ModelRequest request, [NotNullWhen(true)] out ModelOrder? order, [NotNullWhen(false)] out string? problem)
    {
        order = null;
        problem = ProblemOf(request);
        if (problem is not null)
        {
            return false;
        }

        try
        {
            order = new ModelOrder
            {
                Tenant = Tenant.Default,
                Name = request.Name!,
                Engine = request.Engine,
                Configuration = request.Configuration is { } configuration
                    ? EngineConfiguration.FromJson(configuration) : new EngineConfiguration([]),
                MostReplicas = request.Replicas ?? 1,
                LeastReplicas = request.MinReplicas ?? 1,
                Aliases = request.Aliases?.ToImmutableDictionary() ?? ImmutableDictionary<string, double>.Empty,
                IdleTimeout = request.IdleSeconds is { } idle ? TimeSpan.FromSeconds(idle) : null,
                Deployment = DeploymentOf(request.Deployment),
                Cpus = request.Cpus,
                Memory = request.Memory,
                CompletesPrompts = request.Readiness is not "health",
            };
            return true;
        }
        catch (FormatException exception)
        {
            // It names keys and no values.
            problem = $"configuration: {exception.Message}";
            return false;
        }
    }

    private static string? ProblemOf(ModelRequest request) =>
        request.Name is not { } name || !IsName(name) || name is ReservedName
            ? $"name: 1 to {LongestName} characters of A-Z a-z 0-9 . _ : and -, the first a letter or digit; not '{ReservedName}'."
        : request.Replicas is < 1 or > MostReplicas ? $"replicas: from 1 to {MostReplicas}."
        : request.MinReplicas is < 0 || request.MinReplicas > (request.Replicas ?? 1) ? "min_replicas: from 0 to replicas."
        : !(request.IdleSeconds is null or (>= 1 and <= 31_536_000)) ? "idle_seconds: from 1 to 31536000 (a year)."
        : request.MinReplicas is 0 && request.IdleSeconds is null ? "idle_seconds: it is needed with min_replicas 0."
        : request.Deployment is not (null or "docker" or "local" or "kubernetes") ? "deployment: docker, local or kubernetes."
        : request.Readiness is not (null or "completion" or "health") ? "readiness: completion or health."
        : request.Aliases is { } aliases && (aliases.Count > MostAliases
            || aliases.Any(alias => alias.Key.Length is 0 or > LongestName || !double.IsFinite(alias.Value) || alias.Value <= 0))
            ? $"aliases: at most {MostAliases} names of 1 to {LongestName} characters, each with a weight above 0."
        : null;

    private static bool IsName(string name) =>
        name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-');

    private static DeploymentKind? DeploymentOf(string? name) => name switch
    {
        "docker" => DeploymentKind.Docker,
        "local" => DeploymentKind.Local,
        "kubernetes" => DeploymentKind.Kubernetes,
        _ => null,
    };

    private static ModelResult ResultOf(ModelRecord model) => new(
        model.Name, model.Engine, ModelStates.NameOf(ModelStates.Of(model)), ModelStates.MessageOf(model),
        [
            .. model.Replicas.Select(replica =>
                new ModelReplicaResult(replica.Name, ModelStates.NameOf(ModelStates.Of(replica)), replica.Message)
                {
                    SandboxId = replica.Sandbox.ToString(),
                    Failures = replica.Failures,
                }),
        ],
        model.CreatedAt, model.Aliases)
    {
        Tenant = model.Tenant,
    };
}
