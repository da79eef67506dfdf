using Microsoft.AspNetCore.Http.Metadata;
using Sandbox.Api.Http;
using Sandbox.Contracts.E2b;

namespace Sandbox.Api.E2b;

/// <summary>The routes of E2B's control plane. They begin at the root, because its clients add nothing before them.</summary>
internal sealed class E2bEndpoints(
    CreateEndpoint create, ListEndpoint list, SandboxEndpoint sandbox, TemplateEndpoint templates, RequestEdge edge)
{
    private const string Get = "GET", Post = "POST", Put = "PUT", Delete = "DELETE";

    private static readonly PathString[] Roots = ["/sandboxes", "/templates", "/snapshots", "/volumes", "/secrets", "/v2", "/v3"];

    /// <summary>What clients of E2B may ask for and is not here, and why.</summary>
    private static readonly (string Method, string Path, string Reason)[] Missing =
    [
        .. Reasoned(
            "Sandboxes are not paused, forked or kept as snapshots yet.",
            (Post, "/sandboxes/{id}/pause"), (Post, "/sandboxes/{id}/resume"), (Post, "/sandboxes/{id}/fork"),
            (Post, "/sandboxes/{id}/snapshots"), (Get, "/snapshots")),
        .. Reasoned(
            "Templates are not built by this API: the operator of this server names images as templates (E2b:Templates).",
            (Post, "/templates"), (Post, "/v2/templates"), (Post, "/v3/templates"), (Delete, "/templates/{id}"),
            (Get, "/templates/{id}/files/{hash}"), (Post, "/templates/{id}/builds/{build}"), (Post, "/v2/templates/{id}/builds/{build}"),
            (Get, "/templates/{id}/builds/{build}/status"), (Post, "/templates/tags"), (Delete, "/templates/tags"),
            (Get, "/templates/{id}/tags")),
        .. Reasoned(
            "There are no volumes yet.", (Get, "/volumes"), (Post, "/volumes"), (Get, "/volumes/{id}"), (Delete, "/volumes/{id}")),
        .. Reasoned(
            "There are no secrets yet.",
            (Get, "/secrets"), (Post, "/secrets"), (Get, "/secrets/{id}"), (Post, "/secrets/{id}"), (Delete, "/secrets/{id}")),
    ];

    /// <summary>Whether a path is one of this API's, or would be.</summary>
    public static bool Contains(PathString path) => Array.Exists(Roots, root => path.StartsWithSegments(root));

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var (prefix, made, handler) in (ReadOnlySpan<(string, string, RequestDelegate)>)
            [("/v2", "e2b_create_sandbox", create.HandleAsync), ("", "e2b_create_sandbox_v1", create.HandleFormerAsync)])
        {
            Map(app, Post, prefix + "/sandboxes", made, "Creates a sandbox, and answers when it runs", handler)
                .WithMetadata(Body(typeof(E2bNewSandbox)), Answer(StatusCodes.Status201Created, typeof(E2bSandbox)));
        }

        foreach (var (prefix, name) in (ReadOnlySpan<(string, string)>)
            [("/v2", "e2b_connect_sandbox"), ("", "e2b_connect_sandbox_v1")])
        {
            Map(app, Post, prefix + "/sandboxes/{id}/connect", name, "Extends the timeout of a sandbox and tells how it is reached",
                sandbox.ConnectAsync)
                .WithMetadata(Body(typeof(E2bTimeout)), Answer(StatusCodes.Status200OK, typeof(E2bSandbox)));
        }

        var (query, found) = (
            new QueryParameters(ListQuery.Parameters), Answer(StatusCodes.Status200OK, typeof(IReadOnlyList<E2bSandboxInfo>)));
        Map(app, Get, "/v2/sandboxes", "e2b_list_sandboxes", "The running sandboxes, page by page", list.HandleAsync)
            .WithMetadata(query, found);
        Map(app, Get, "/sandboxes", "e2b_list_sandboxes_v1", "The running sandboxes, all at once", list.HandleWholeAsync)
            .WithMetadata(query, found);
        MapSandbox(app);
        Map(app, Get, "/templates", "e2b_list_templates", "The templates that there are", templates.ListAsync)
            .WithMetadata(Answer(StatusCodes.Status200OK, typeof(IReadOnlyList<E2bTemplate>)));
        Map(app, Get, "/templates/aliases/{alias}", "e2b_find_template", "Whether there is a template of this name", templates.FindAsync)
            .WithMetadata(Answer(StatusCodes.Status200OK, typeof(E2bTemplateAlias)));
        foreach (var (method, path, reason) in Missing)
        {
            var name = $"e2b_{method.ToLowerInvariant()}{string.Concat(path.Split('{', '}')).Replace('/', '_')}";
            Map(app, method, path, name, "Not implemented: " + reason,
                http => E2bAnswers.WriteErrorAsync(http, StatusCodes.Status501NotImplemented, reason))
                .WithMetadata(Answer(StatusCodes.Status501NotImplemented, typeof(E2bError)));
        }
    }

    private void MapSandbox(IEndpointRouteBuilder app)
    {
        Map(app, Get, "/sandboxes/{id}", "e2b_get_sandbox", "What is known of a running sandbox", sandbox.InfoAsync)
            .WithMetadata(Answer(StatusCodes.Status200OK, typeof(E2bSandboxInfo)));
        Map(app, Delete, "/sandboxes/{id}", "e2b_kill_sandbox", "Ends a sandbox and deletes what it was", sandbox.KillAsync)
            .WithMetadata(Nothing());
        Map(app, Post, "/sandboxes/{id}/timeout", "e2b_set_timeout", "Kills a sandbox so many seconds from now, and not before",
            sandbox.SetTimeoutAsync)
            .WithMetadata(Body(typeof(E2bTimeout)), Nothing());
        Map(app, Get, "/sandboxes/{id}/metrics", "e2b_get_metrics", "What a sandbox uses now", sandbox.MetricsAsync)
            .WithMetadata(
                new QueryParameters(SandboxEndpoint.MetricsParameters), Answer(StatusCodes.Status200OK, typeof(IReadOnlyList<E2bMetric>)));
        Map(app, Put, "/sandboxes/{id}/network", "e2b_put_network", "Replaces what a sandbox may reach", sandbox.PutNetworkAsync)
            .WithMetadata(Body(typeof(E2bNetwork)), Nothing());
    }

    private IEndpointConventionBuilder Map(
        IEndpointRouteBuilder app, string method, string path, string name, string summary, RequestDelegate handler) =>
        app.MapMethods(path, [method], http => AnswerAsync(handler, http))
            // The document takes in what has a method, which a bare request delegate does not show.
            .WithName(name).WithSummary(summary).WithTags("E2B").WithMetadata(handler.Method);

    private Task AnswerAsync(RequestDelegate handler, HttpContext http) => edge.RunAsync(
        http, () => handler(http),
        () => E2bAnswers.WriteErrorAsync(http, StatusCodes.Status500InternalServerError, RequestEdge.Surprise));

    private static IEnumerable<(string, string, string)> Reasoned(string reason, params IEnumerable<(string Method, string Path)> routes) =>
        routes.Select(route => (route.Method, route.Path, reason));

    private static AcceptsMetadata Body(Type type) => new([], type);

    private static ProducesResponseTypeMetadata Answer(int status, Type type) => new(status, type, ["application/json"]);

    private static ProducesResponseTypeMetadata Nothing() => new(StatusCodes.Status204NoContent);
}
