namespace Sandbox.Agent.Http;

/// <summary>All routes of the agent: exact path and method to handler. Small and explicit, so that nothing is scanned or matched by
/// pattern.</summary>
internal sealed class RouteTable
{
    private readonly Dictionary<string, Dictionary<string, RequestDelegate>> _routes = new(StringComparer.Ordinal);

    /// <summary>HEAD too: the server leaves the body of its answer out.</summary>
    internal void Get(string path, RequestDelegate handler)
    {
        Add(HttpMethods.Get, path, handler);
        Add(HttpMethods.Head, path, handler);
    }

    internal void Post(string path, RequestDelegate handler) => Add(HttpMethods.Post, path, handler);

    internal void Add(string method, string path, RequestDelegate handler)
    {
        if (!_routes.TryGetValue(path, out var methods))
        {
            _routes.Add(path, methods = new Dictionary<string, RequestDelegate>(StringComparer.OrdinalIgnoreCase));
        }

        methods.Add(method, handler);
    }

    internal Task DispatchAsync(HttpContext context)
    {
        if (!_routes.TryGetValue(context.Request.Path.Value ?? "", out var methods))
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        if (!methods.TryGetValue(context.Request.Method, out var handler))
        {
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            context.Response.Headers.Allow = string.Join(", ", methods.Keys);
            return Task.CompletedTask;
        }

        return handler(context);
    }
}
