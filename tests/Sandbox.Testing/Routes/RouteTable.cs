namespace Sandbox.Testing.Routes;

/// <summary>Compares the rows of a matrix with the routes that a process really has.</summary>
public static class RouteTable
{
    /// <summary>What is wrong: routes without a row, and rows without a route.</summary>
    /// <param name="endpoints">Pattern and methods of each endpoint; no methods: it takes any.</param>
    /// <param name="others">What middleware answers without an endpoint, by names of the test's own.</param>
    public static IReadOnlyList<string> Compare(
        IEnumerable<(string Pattern, IReadOnlyList<string> Methods)> endpoints, IEnumerable<string> others, IEnumerable<RouteRow> rows)
    {
        var routes = endpoints
            .SelectMany(
                endpoint =>
                    endpoint.Methods.Count == 0 ? [$"* {endpoint.Pattern}"]
                    : endpoint.Methods.Select(method => $"{method} {endpoint.Pattern}"))
            .Concat(others)
            .ToHashSet(StringComparer.Ordinal);
        var known = rows.Select(row => row.Route).ToList();
        return
        [
            .. routes.Except(known).Order(StringComparer.Ordinal)
                .Select(route => $"{route} has no row: say what it names and how it is asked"),
            .. known.Except(routes).Order(StringComparer.Ordinal).Select(route => $"{route} has a row but is no route"),
            .. known.GroupBy(route => route).Where(group => group.Count() > 1).Select(group => $"{group.Key} has {group.Count()} rows"),
        ];
    }
}
