namespace Sandbox.Topology;

/// <summary>The file that <c>sandbox cluster init</c> writes.</summary>
public static class ClusterExample
{
    public static string Read()
    {
        using var text = new StreamReader(typeof(ClusterExample).Assembly.GetManifestResourceStream("cluster.example.yaml")!);
        return text.ReadToEnd();
    }
}
