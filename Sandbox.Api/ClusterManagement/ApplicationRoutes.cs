using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Management;
using Sandbox.Api.Serving;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Models;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Configuration;
using Sandbox.Serving.Engines;

namespace Sandbox.Api.ClusterManagement;

/// <summary>The models of the caller's tenant in the words of Ray Serve: each is an application.</summary>
internal static class ApplicationRoutes
{
    private const string RoutePrefix = "/";
    private const double Mebibyte = 1024 * 1024;

    /// <summary>Of any option: no machine has more.</summary>
    private const double Most = 1L << 50;

    private static readonly string[] ActorOptions = ["num_cpus", "num_gpus", "memory"];

    public static void MapApplications(this IEndpointRouteBuilder api)
    {
        api.MapGet("/applications", ListAsync).WithSummary("The applications: engines that serve a model");
        api.MapPost("/applications", CreateAsync).WithSummary("Serves a model; its engines are started afterwards");
        api.MapGet("/applications/{name}", FindAsync).WithSummary("An application and its state");
        api.MapDelete("/applications/{name}", DeleteAsync).WithSummary("Ends an application and all of its engines");
    }

    private static async Task<JsonOk<ApplicationsResult>> ListAsync(TenantScopedModels models, CancellationToken cancellationToken)
    {
        var all = await models.ListAsync(cancellationToken);
        return new(new ApplicationsResult([.. all.Select(ResultOf)], all.Count));
    }

    private static async Task<Results<JsonOk<ApplicationResult>, ProblemResult>> FindAsync(
        string name, TenantScopedModels models, CancellationToken cancellationToken) =>
        await models.FindAsync(name, cancellationToken) is { } model ? new JsonOk<ApplicationResult>(ResultOf(model)) : NotFound();

    private static async Task<Results<JsonOk<ApplicationChangeResult>, ProblemResult>> CreateAsync(
        JsonBody<ApplicationRequest> body, TenantScopedModels models, EngineRegistry engines, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (!TryRead(body.Value, engines, out var request, out var problem)
            || !ModelRoutes.TryRead(request, out var order, out problem))
        {
            return new ProblemResult(StatusCodes.Status422UnprocessableEntity, "invalid", problem);
        }

        var started = await models.StartAsync(order, cancellationToken);
        return started.IsAccepted
            ? new JsonOk<ApplicationChangeResult>(new ApplicationChangeResult("deploying", started.Model.Name, RoutePrefix))
            : ProblemResult.Of(started.Failure);
    }

    private static async Task<Results<JsonOk<ApplicationChangeResult>, ProblemResult>> DeleteAsync(
        string name, TenantScopedModels models, CancellationToken cancellationToken) =>
        await models.StopAsync(name, cancellationToken)
            ? new JsonOk<ApplicationChangeResult>(new ApplicationChangeResult("deleting", name, RoutePrefix))
            : NotFound();

    private static ProblemResult NotFound() => ProblemResult.NotFound("There is no such application.");

    /// <summary>An application as the model that is meant.</summary>
    private static bool TryRead(
        ApplicationRequest application, EngineRegistry engines, [NotNullWhen(true)] out ModelRequest? request,
        [NotNullWhen(false)] out string? problem)
    {
        request = null;
        if ((application.ImportPath ?? "").Split(':', 2) is not [{ Length: > 0 } engine, { Length: > 0 } served])
        {
            problem = "import_path: an engine and a model, as in vllm:Qwen/Qwen2.5-0.5B.";
            return false;
        }

        problem = application.RoutePrefix is not (null or RoutePrefix)
                ? $"route_prefix: only {RoutePrefix}; an application is asked for by its name below /v1."
            : application.NumReplicas is < 1 ? "num_replicas: at least 1."
            : null;
        var amounts = problem is null ? AmountsOf(application.RayActorOptions, out problem) : null;
        if (amounts is null)
        {
            problem ??= "";
            return false;
        }

        var configuration = new JsonObject { ["model"] = served };
        if (amounts.TryGetValue("num_gpus", out var gpus))
        {
            if (gpus > 1)
            {
                configuration["tensor_parallel_size"] = (int)Math.Ceiling(gpus);
            }
            else if (gpus == 0 && engines.TryGet(engine, out var components) && components.Configuration.Schema.Has("use_cpu"))
            {
                configuration["use_cpu"] = true;
            }
        }

        using var document = JsonDocument.Parse(configuration.ToJsonString());
        request = new ModelRequest(application.Name, engine, document.RootElement.Clone(), application.NumReplicas)
        {
            Cpus = amounts.TryGetValue("num_cpus", out var cpus) ? cpus : null,
            Memory = amounts.TryGetValue("memory", out var memory)
                ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(memory / Mebibyte)}m") : null,
        };
        return true;
    }

    /// <summary>What a replica takes, by the option's name; null: it cannot be.</summary>
    private static Dictionary<string, double>? AmountsOf(JsonElement? options, out string? problem)
    {
        problem = null;
        var amounts = new Dictionary<string, double>();
        if (options is not { ValueKind: not JsonValueKind.Null } given)
        {
            return amounts;
        }

        if (given.ValueKind is not JsonValueKind.Object)
        {
            problem = "ray_actor_options: an object.";
            return null;
        }

        foreach (var option in given.EnumerateObject())
        {
            if (!ActorOptions.Contains(option.Name, StringComparer.Ordinal))
            {
                problem = Spelling.Nearest(option.Name, ActorOptions) is { } nearest
                    ? $"ray_actor_options: there is no such option; is {nearest} meant?"
                    : $"ray_actor_options: the options are {string.Join(", ", ActorOptions)}.";
                return null;
            }

            if (option.Value.ValueKind is not JsonValueKind.Number || !option.Value.TryGetDouble(out var amount) || amount is < 0 or > Most)
            {
                problem = $"ray_actor_options: {option.Name} is a number from 0.";
                return null;
            }

            amounts[option.Name] = amount;
        }

        return amounts;
    }

    private static ApplicationResult ResultOf(ModelRecord model) => new(
        model.Name, StatusOf(ModelStates.Of(model)), RoutePrefix, model.MostReplicas, ModelStates.MessageOf(model),
        model.CreatedAt.ToUnixTimeMilliseconds() / 1000.0);

    private static string StatusOf(ServeState state) => state switch
    {
        ServeState.Running => "RUNNING",
        ServeState.Deploying => "DEPLOYING",
        ServeState.Unhealthy => "UNHEALTHY",
        ServeState.DeployFailed => "DEPLOY_FAILED",
        ServeState.Deleting => "DELETING",
        ServeState.NotDeployed => "NOT_STARTED",
        _ => throw new UnreachableException(state.ToString()),
    };
}
