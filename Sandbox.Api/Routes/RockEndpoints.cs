using Microsoft.AspNetCore.Http.Metadata;
using Sandbox.Api.Commands;
using Sandbox.Api.Files;
using Sandbox.Api.Http;
using Sandbox.Api.Ops;
using Sandbox.Api.Rock;
using Sandbox.Api.Sandboxes;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Routes;

/// <summary>ROCK's routes for one machine: what its admin and its proxy serve, together.</summary>
internal sealed class RockEndpoints(IServiceProvider services, RequestEdge edge)
{
    private const string Get = "GET";
    private const string Post = "POST";

    public IReadOnlyList<RockRoute> Routes { get; } =
    [
        .. Tagged("Lifecycle of sandboxes", Lifecycle(services)), .. Tagged("Status of sandboxes", Queries(services)),
        .. Tagged("Commands and files", DataPlane(services)), .. Tagged("Maintenance of nodes", Maintenance(services)),
    ];

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var route in Routes)
        {
            Describe(app.MapMethods(RockRoute.Prefix + route.Path, [route.Method], http => AnswerAsync(route, http)), route);
        }
    }

    private static void Describe(IEndpointConventionBuilder endpoint, RockRoute route)
    {
        var envelope = typeof(RockEnvelope<>).MakeGenericType(route.Result?.Type ?? typeof(object));
        endpoint.WithSummary(route.Summary).WithTags(route.Tag).WithMetadata(
            // The document takes in what has a method, which a bare request delegate does not show.
            route.Handler.Method, new QueryParameters(route.Query),
            new ProducesResponseTypeMetadata(StatusCodes.Status200OK, envelope, ["application/json"]));
        if (route.IsStream)
        {
            endpoint.WithMetadata(StreamMetadata.Instance);
        }

        if (route.Body is { } body)
        {
            // It names no content type: routing would refuse requests of another by itself.
            endpoint.WithMetadata(new AcceptsMetadata([], body.Type));
        }
    }

    private static IEnumerable<RockRoute> Tagged(string tag, IEnumerable<RockRoute> routes) =>
        routes.Select(route => route with { Tag = tag });

    private Task AnswerAsync(RockRoute route, HttpContext http) => edge.RunAsync(
        http, () => route.Handler(http), () => Envelopes.FailAsync(http, route.FailureMessage, RequestEdge.Surprise, isOurs: true));

    private static RockRoute[] Lifecycle(IServiceProvider services)
    {
        var (start, restart, delete) =
            (services.GetRequiredService<StartSandboxEndpoint>(), services.GetRequiredService<RestartSandboxEndpoint>(),
                services.GetRequiredService<DeleteSandboxEndpoint>());
        return
        [
            new(Post, "/start", StartSandboxEndpoint.FailureMessage, "Starts a sandbox and waits until it runs", start.HandleAsync)
            { Body = RockJson.Default.StartRequest, Result = RockJson.Default.StartResult },
            new(Post, "/start_async", StartSandboxEndpoint.AsyncFailureMessage, "Accepts the start of a sandbox", start.HandleStartAsync)
            { Body = RockJson.Default.StartRequest, Result = RockJson.Default.StartResult },
            new(Post, "/stop", StopSandboxEndpoint.FailureMessage, "Stops a sandbox",
                services.GetRequiredService<StopSandboxEndpoint>().HandleAsync)
            { Body = RockJson.Default.SandboxIdRequest, Result = RockJson.Default.String },
            new(Post, "/restart", RestartSandboxEndpoint.FailureMessage, "Starts a stopped sandbox again, its files kept",
                restart.HandlePostAsync)
            { Body = RockJson.Default.SandboxIdRequest, Result = RockJson.Default.StartResult },
            new(Post, "/sandboxes/{id}/restart", RestartSandboxEndpoint.FailureMessage, "Starts a stopped sandbox again, its files kept",
                restart.HandlePathAsync)
            { Result = RockJson.Default.StartResult },
            new(Post, "/delete", DeleteSandboxEndpoint.FailureMessage, "Deletes a stopped sandbox for good", delete.HandlePostAsync)
            { Body = RockJson.Default.SandboxIdRequest, Result = RockJson.Default.String },
            new(Post, "/sandboxes/{id}/archive", ArchiveSandboxEndpoint.FailureMessage, "Puts a stopped sandbox into the archive",
                services.GetRequiredService<ArchiveSandboxEndpoint>().HandleAsync)
            { Result = RockJson.Default.String },
            new(Post, "/commit", CommitSandboxEndpoint.FailureMessage, "Begins to make an image of a sandbox",
                services.GetRequiredService<CommitSandboxEndpoint>().HandleAsync)
            { Body = RockJson.Default.CommitRequest, Result = RockJson.Default.CommitStatus },
            new(Get, "/commit/{id}", CommitSandboxEndpoint.StatusFailureMessage, "How far the last commit of a sandbox is",
                services.GetRequiredService<CommitSandboxEndpoint>().HandleStatusAsync)
            { Result = RockJson.Default.CommitStatus },
            new("DELETE", "/sandboxes/{id}", DeleteSandboxEndpoint.FailureMessage, "Deletes a stopped sandbox for good",
                delete.HandleVerbAsync)
            { Result = RockJson.Default.String },
        ];
    }

    private static RockRoute[] Queries(IServiceProvider services) =>
    [
        new(Get, "/is_alive", IsAliveEndpoint.FailureMessage, "Whether a sandbox can be used now",
            services.GetRequiredService<IsAliveEndpoint>().HandleAsync)
        { Query = [RockRequests.SandboxId], Result = RockJson.Default.IsAliveResult },
        new(Get, "/get_status", SandboxStatusEndpoint.FailureMessage,
            "The status of a sandbox; waits for a change with If-None-Match and Prefer: wait=SECONDS",
            services.GetRequiredService<SandboxStatusEndpoint>().HandleAsync)
        { Query = [RockRequests.SandboxId, "include_all_states?"], Result = RockJson.Default.StatusResult },
        new(Get, "/get_sandbox_statistics", SandboxStatisticsEndpoint.FailureMessage, "Use of cpu, memory, disk and network",
            services.GetRequiredService<SandboxStatisticsEndpoint>().HandleAsync)
        { Query = [RockRequests.SandboxId], Result = RockJson.Default.Statistics },
        new(Get, "/sandboxes/{id}/mount-infos", MountInfosEndpoint.FailureMessage,
            "What is mounted into a sandbox, as arguments of docker run",
            services.GetRequiredService<MountInfosEndpoint>().HandleAsync)
        { Result = RockJson.Default.String },
        new(Get, "/sandboxes", ListSandboxesEndpoint.FailureMessage, "What is pending or running; other parameters are exact filters",
            services.GetRequiredService<ListSandboxesEndpoint>().HandleAsync)
        { Query = ["page?", "page_size?", "user_id?", "experiment_id?", "namespace?", "image?", "state?"],
            Result = RockJson.Default.ListResult },
        new(Post, "/sandboxes/batch", BatchStatusEndpoint.FailureMessage, "The status of many sandboxes",
            services.GetRequiredService<BatchStatusEndpoint>().HandleAsync)
        { Body = RockJson.Default.BatchRequest, Result = RockJson.Default.BatchResult },
        new(Get, "/get_token", "get oss sts token failed", "Credentials of an object store; none is configured",
            Envelopes.SucceedWithNothingAsync)
        { Query = ["account?"] },
    ];

    private static RockRoute[] DataPlane(IServiceProvider services) =>
    [
        new(Post, "/execute", ExecuteEndpoint.FailureMessage, "Runs a command to its end",
            services.GetRequiredService<ExecuteEndpoint>().HandleAsync)
        { Body = RockJson.Default.ExecRequest, Result = RockJson.Default.ExecResult },
        new(Post, "/create_session", CreateSessionEndpoint.FailureMessage, "Opens a shell that keeps its state",
            services.GetRequiredService<CreateSessionEndpoint>().HandleAsync)
        { Body = RockJson.Default.CreateSessionRequest, Result = RockJson.Default.CreateSessionResult },
        new(Post, "/run_in_session", RunInSessionEndpoint.FailureMessage, "Runs a command in such a shell",
            services.GetRequiredService<RunInSessionEndpoint>().HandleAsync)
        { Body = RockJson.Default.BashAction, Result = RockJson.Default.Observation },
        new(Post, "/close_session", CloseSessionEndpoint.FailureMessage, "Closes such a shell",
            services.GetRequiredService<CloseSessionEndpoint>().HandleAsync)
        { Body = RockJson.Default.CloseSessionRequest, Result = RockJson.Default.CloseSessionResult },
        new(Post, "/read_file", ReadFileEndpoint.FailureMessage, "The content of a text file",
            services.GetRequiredService<ReadFileEndpoint>().HandleAsync)
        { Body = RockJson.Default.ReadFileRequest, Result = RockJson.Default.ReadFileResult },
        new(Post, "/write_file", WriteFileEndpoint.FailureMessage, "Writes a text file",
            services.GetRequiredService<WriteFileEndpoint>().HandleAsync)
        { Body = RockJson.Default.WriteFileRequest, Result = RockJson.Default.WriteFileResult },
        new(Post, "/upload", UploadEndpoint.FailureMessage, "Streams a file into the sandbox (multipart: sandbox_id, target_path, file)",
            services.GetRequiredService<UploadEndpoint>().HandleAsync)
        { Result = RockJson.Default.UploadResult, IsStream = true },
    ];

    private static RockRoute[] Maintenance(IServiceProvider services)
    {
        var sets = services.GetRequiredService<TaskSetEndpoint>();
        return
        [
            new(Post, "/warmup/tasks", WarmupEndpoint.FailureMessage, "Pulls an image on every node; for admins",
                services.GetRequiredService<WarmupEndpoint>().HandleAsync)
            { Body = RockJson.Default.WarmupRequest },
            new(Post, "/ops/tasksets", TaskSetEndpoint.FailureMessage, "Begins maintenance tasks on nodes; for admins", sets.HandleAsync)
            { Body = RockJson.Default.TaskSetRequest, Result = RockJson.Default.TaskSet },
            new(Get, "/ops/tasksets/{id}", TaskSetEndpoint.StatusFailureMessage, "How far such tasks are; for admins",
                sets.HandleStatusAsync)
            { Result = RockJson.Default.TaskSet },
        ];
    }
}
