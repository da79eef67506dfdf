using System.Net;

namespace Sandbox.Kubernetes.Cluster;

/// <summary>The API refused a call, or did not answer it. The text is for people and holds no object's content.</summary>
internal sealed class ClusterException(HttpStatusCode? status, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Null: no answer came.</summary>
    public HttpStatusCode? Status { get; } = status;

    public bool IsConflict => Status is HttpStatusCode.Conflict;

    public bool IsNotFound => Status is HttpStatusCode.NotFound;
}
