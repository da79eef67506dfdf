using Aspire.Hosting.Docker.Resources.ServiceNodes;
using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;

namespace Aspire.Hosting.Docker.Resources.ComposeNodes
{
    public abstract class NamedComposeMember
    {
        public required string Name { get; set; }
    }

    /// <summary>What a floor plan may change of a service of a compose file.</summary>
    public sealed class Service : NamedComposeMember
    {
        public string? Image { get; set; }

        public string? User { get; set; }

        public string? Restart { get; set; }

        public Deploy? Deploy { get; set; }

        public List<string> Command { get; set; } = [];

        public List<string> Entrypoint { get; set; } = [];

        public Dictionary<string, string> Environment { get; set; } = [];

        public List<string> Ports { get; set; } = [];

        public List<string> Expose { get; set; } = [];

        public List<Volume> Volumes { get; set; } = [];

        public List<string> GroupAdd { get; set; } = [];

        public Dictionary<string, ServiceDependency> DependsOn { get; } = [];

        public Service AddVolume(Volume volume)
        {
            Volumes.Add(volume);
            return this;
        }

        public Service AddEnvironmentalVariable(string key, string? value)
        {
            Environment[key] = value ?? "";
            return this;
        }
    }

    public sealed class ServiceDependency
    {
        public string? Condition { get; set; }
    }
}

namespace Aspire.Hosting.Docker.Resources.ServiceNodes
{
    using Aspire.Hosting.Docker.Resources.ComposeNodes;

    public sealed class Volume : NamedComposeMember
    {
        public string? Type { get; set; }

        public string? Target { get; set; }

        public string? Source { get; set; }

        public bool? ReadOnly { get; set; }
    }
}

namespace Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm
{
    public sealed class Deploy
    {
        public int? Replicas { get; set; }
    }
}
