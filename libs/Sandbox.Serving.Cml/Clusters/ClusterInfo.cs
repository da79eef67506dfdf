using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>How a cluster that was started is reached, for people and for the programs on its head.</summary>
/// <param name="HeadAddress">Host and port for workers.</param>
/// <param name="RayVersion">The version of what runs there. Clients call the cluster "ray".</param>
public sealed record ClusterInfo(
    string ClusterName, string HeadAddress, string DashboardUrl, string ManagementApiUrl, string RayVersion, string HeadAppId,
    ImmutableArray<string> WorkerAppIds)
{
    public int NumWorkers => WorkerAppIds.Length;

    /// <exception cref="InvalidOperationException">The cluster has no head that runs.</exception>
    public static ClusterInfo Of(CmlClusterState state, Uri host)
    {
        if (state is not { Head: { } head, HeadAddress: { } address })
        {
            throw new InvalidOperationException("The cluster has no head that runs.");
        }

        // An application is served below the workspace's domain.
        var url = (state.HeadUrl ?? $"{host.Scheme}://{Subdomain.Make(head.Name)}.{host.Authority}").TrimEnd('/');
        url = url.Contains("://", StringComparison.Ordinal) ? url : $"{host.Scheme}://{url}";
        return new ClusterInfo(
            state.Name, address, url + "/dashboard/", url + "/api/v1",
            typeof(ClusterInfo).Assembly.GetName().Version?.ToString(3) ?? "", head.Id, [.. state.Workers.Select(worker => worker.Id)]);
    }

    /// <summary>Null: there is no such file.</summary>
    /// <exception cref="InvalidDataException">It is not of that form.</exception>
    public static ClusterInfo? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), ClusterJson.Default.ClusterInfo);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{path} does not say how a cluster is reached: {exception.Message}", exception);
        }
    }

    /// <summary>Writes the file whole or not at all.</summary>
    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var fresh = path + ".new";
        File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(this, ClusterJson.Default.ClusterInfo));
        File.Move(fresh, path, overwrite: true);
    }

    /// <summary>What a person is told after the start, a line each.</summary>
    public ImmutableArray<string> Describe() =>
    [
        string.Create(CultureInfo.InvariantCulture, $"Cluster {ClusterName} runs: a head and {NumWorkers} workers"),
        $"  head address:   {HeadAddress}",
        $"  dashboard:      {DashboardUrl}",
        $"  management API: {ManagementApiUrl}",
        $"  to use it:      export RAY_ADDRESS={HeadAddress}",
    ];
}
