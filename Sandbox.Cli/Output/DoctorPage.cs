using Sandbox.Cli.Terminals;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sandbox.Cli.Output;

/// <summary>The look of <c>doctor</c>: a table for the server and for each node, then what to do. Long texts go on on the next
/// line.</summary>
internal static class DoctorPage
{
    private const string Server = "server";

    /// <summary>For programs: where, the check, its status, what was found and what to do, with tabs in between.</summary>
    public static void WriteLines(DiagnosticsResult result)
    {
        foreach (var (where, _, checks) in Parts(result))
        {
            foreach (var check in checks)
            {
                StandardStreams.WriteOutputLine(
                    string.Join('\t', Printer.OneLine([where, check.Name, check.Status, check.Found, check.Advice ?? ""])));
            }
        }
    }

    public static IRenderable Draw(DiagnosticsResult result)
    {
        var parts = new List<IRenderable>();
        foreach (var (where, version, checks) in Parts(result))
        {
            var title = version.Length > 0 ? $"{where}, version {version}" : where;
            parts.Add(new Text($" {Line(title)}", new Style(decoration: Decoration.Bold)));
            parts.Add(TableOf("IN EFFECT", checks.Select(check => (check, check.Found))));
        }

        var advised = Parts(result).SelectMany(part => part.Checks, (part, check) => (part.Where, Check: check))
            .Where(one => one.Check.Advice is not null)
            .GroupBy(one => (one.Check.Name, one.Check.Advice))
            .OrderBy(same => same.First().Check.Status is not DiagnosticCheck.Failed)
            .ToList();
        if (advised.Count > 0)
        {
            parts.Add(new Text(" what to do", new Style(decoration: Decoration.Bold)));
            parts.Add(TableOf("ADVICE", advised.Select(same =>
                (same.First().Check, $"{string.Join(", ", same.Select(one => one.Where))}: {same.Key.Advice}"))));
        }

        parts.Add(Summary(result));
        return new Rows(parts);
    }

    private static IEnumerable<(string Where, string Version, IReadOnlyList<DiagnosticCheck> Checks)> Parts(DiagnosticsResult result) =>
        [(Server, "", result.Server), .. result.Nodes.Select(node => ($"node {node.Node}", node.Version, node.Checks))];

    private static Table TableOf(string heading, IEnumerable<(DiagnosticCheck Check, string Text)> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in (string[])["CHECK", "STATUS", heading])
        {
            // What names a row, and how it is, stay in one piece.
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))) { NoWrap = column != heading });
        }

        foreach (var (check, text) in rows)
        {
            table.AddRow(new Text(Line(check.Name)), new Text(Line(check.Status), StyleOf(check.Status)), new Text(Line(text)));
        }

        return table;
    }

    private static Text Summary(DiagnosticsResult result)
    {
        var all = Parts(result).SelectMany(part => part.Checks).ToList();
        var (failed, warnings) =
            (all.Count(check => check.Status is DiagnosticCheck.Failed), all.Count(check => check.Status is DiagnosticCheck.Warning));
        var verdict = result.PromisesHold ? "every promise of docs/security.md holds" : $"{failed} of {all.Count} checks failed";
        return new Text(
            $" {verdict}{(warnings > 0 ? $"; {warnings} warnings" : "")}\n",
            StyleOf(result.PromisesHold ? DiagnosticCheck.Ok : DiagnosticCheck.Failed));
    }

    private static Style StyleOf(string status) => status switch
    {
        DiagnosticCheck.Ok => new Style(Color.Green),
        DiagnosticCheck.Warning => new Style(Color.Yellow),
        _ => new Style(Color.Red, decoration: Decoration.Bold),
    };

    private static string Line(string text) => Printer.OneLine([text])[0];
}
