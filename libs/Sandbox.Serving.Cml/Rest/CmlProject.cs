namespace Sandbox.Serving.Cml.Rest;

/// <param name="CreationStatus">How far the clone of its repository is.</param>
/// <param name="Status">The same, of older versions.</param>
public sealed record CmlProject(string? Id, string? Name, string? CreationStatus, string? Status, string? ErrorMessage);
