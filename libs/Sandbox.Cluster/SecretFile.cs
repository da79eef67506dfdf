namespace Sandbox.Cluster;

/// <summary>A file of keys or secrets that a setting names.</summary>
/// <param name="Setting">For example <c>Cluster:SecretFile</c>.</param>
/// <param name="Path">Empty: none is named.</param>
public sealed record SecretFile(string Setting, string Path);
