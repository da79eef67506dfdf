using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using Sandbox.Contracts.Management;
using Sandbox.Node;
using Sandbox.Node.Leases;
using Sandbox.Worker.Head;

namespace Sandbox.Worker.Status;

/// <summary>The nodes of the cluster and what they log, as a page without a script: <c>/</c>, and <c>/logs/NODE</c>. A browser asks
/// for the API key as a password.</summary>
internal sealed class StatusPage(ApiAuthorizationClient api, NodeLogs logs, NodeIdentity node, ILeaderLease lease, NodeRole role)
{
    private const string LogsPath = "/logs";
    private const double Gibi = 1L << 30;

    public async Task HandleAsync(HttpContext http)
    {
        var key = KeyOf(http.Request);
        if (key is null || !await api.IsGuardedAsync(http.RequestAborted))
        {
            await RefuseAsync(http, key is null ? HttpStatusCode.Unauthorized : HttpStatusCode.ServiceUnavailable);
            return;
        }

        var (status, nodes) = await api.NodesAsync(key, http.RequestAborted);
        if (status is not HttpStatusCode.OK)
        {
            await RefuseAsync(http, status);
            return;
        }

        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'";
        if (http.Request.Path.StartsWithSegments(LogsPath, out var rest)
            && nodes.FirstOrDefault(one => $"/{one.Name}" == rest.Value) is { } wanted)
        {
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync(
                await logs.OfAsync(wanted.Name, new Uri(wanted.Address), http.RequestAborted), http.RequestAborted);
        }
        else if (http.Request.Path == "/")
        {
            http.Response.ContentType = "text/html; charset=utf-8";
            await http.Response.WriteAsync(Page(nodes), http.RequestAborted);
        }
        else
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    private string Page(IReadOnlyList<NodeResult> nodes)
    {
        var head = lease.Current is not null ? node.Name : role.Head?.HeadNode;
        var page = new StringBuilder(
            "<!doctype html><meta charset=utf-8><title>Cluster</title><style>body{font:14px "
                + "sans-serif;margin:2em}td,th{text-align:left;padding:.2em 1em .2em 0}</style>");
        var alive = nodes.Where(one => one.State is "alive" or "suspect").ToList();
        page.Append(
            CultureInfo.InvariantCulture,
            $"<h1>{alive.Count} nodes</h1><p>CPU {alive.Sum(one => one.Capacity.Cpus ?? 0):0.0#}, memory "
                + $"{alive.Sum(one => one.Capacity.MemoryBytes ?? 0) / Gibi:0.##} GiB. This page is {Text(node.Name)}'s.</p>");
        page.Append("<table><tr><th>node<th>role<th>state<th>CPU<th>memory<th>sandboxes<th>address<th>");
        foreach (var one in nodes)
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"<tr><td>{Text(one.Name)}<td>{(one.Name == head ? "head" : "worker")}<td>{Text(one.State)}"
                + $"<td>{one.Capacity.Cpus:0.0#}<td>{one.Capacity.MemoryBytes / Gibi:0.##} GiB<td>{one.Sandboxes}"
                + $"<td>{Text(one.Address)}<td><a href=\"{LogsPath}/{Uri.EscapeDataString(one.Name)}\">logs</a>");
        }

        return page.Append("</table>").ToString();
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);

    /// <summary>A browser's password, or what other clients send.</summary>
    private static string? KeyOf(HttpRequest request)
    {
        if (request.Headers["X-API-Key"] is [{ Length: > 0 } key])
        {
            return key;
        }

        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return authorization["Bearer ".Length..].Trim();
        }

        var buffer = new byte[authorization.Length];
        return authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(authorization["Basic ".Length..].Trim(), buffer, out var written)
            && Encoding.UTF8.GetString(buffer, 0, written).Split(':', 2) is [_, { Length: > 0 } password]
            ? password
            : null;
    }

    private static async Task RefuseAsync(HttpContext http, HttpStatusCode status)
    {
        http.Response.StatusCode = (int)status;
        if (status is HttpStatusCode.Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"the API key as password\", charset=\"UTF-8\"";
        }

        await http.Response.WriteAsync(
            status is HttpStatusCode.Unauthorized ? "The API key is needed, as password.\n" : "The API does not answer as it should.\n",
            http.RequestAborted);
    }
}
