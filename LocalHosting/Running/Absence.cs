using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Running;

/// <summary>The resource is not there in this run, and whoever refers to it goes without.</summary>
internal sealed record Absence(string Reason) : IResourceAnnotation
{
    public static Absence? Of(IResource resource) => resource.Annotations.OfType<Absence>().LastOrDefault();
}
