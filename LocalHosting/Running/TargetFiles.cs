using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>
/// Where a Prometheus finds the processes of this run, whose ports are others each time: one file of targets for each resource, at the
/// endpoint where it is asked for its health. The floor plan's project names the folder (<c>LocalHostingTargets</c>), and
/// <c>LocalHosting__TargetFolder</c> another.
/// </summary>
internal sealed class TargetFiles(string? folder) : IDisposable
{
    private const string Prefix = "local-";

    private readonly List<string> _files = [];

    /// <param name="portOf">The port of an endpoint's replica.</param>
    public void Write(IResource resource, int replicas, Func<int, EndpointAnnotation, int> portOf)
    {
        if (folder is null || resource.Annotations.OfType<HttpProbeAnnotation>().FirstOrDefault() is not { } probe)
        {
            return;
        }

        var endpoint = resource.Annotations.OfType<EndpointAnnotation>().Single(one => one.Name == probe.Endpoint);
        var targets = Enumerable.Range(0, replicas).Select(replica => string.Create(CultureInfo.InvariantCulture, $"\"127.0.0.1:{portOf(replica, endpoint)}\""));
        var file = Path.Combine(Directory.CreateDirectory(folder).FullName, $"{Prefix}{resource.Name}.yml");

        // Prometheus may look at any moment.
        File.WriteAllText(file + ".new", $"- targets: [{string.Join(", ", targets)}]\n");
        File.Move(file + ".new", file, overwrite: true);
        _files.Add(file);
    }

    public void Dispose()
    {
        _files.ForEach(File.Delete);
        _files.Clear();
    }
}
