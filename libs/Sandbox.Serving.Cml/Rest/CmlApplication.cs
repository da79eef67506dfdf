namespace Sandbox.Serving.Cml.Rest;

/// <param name="Url">Where its port is served; older versions leave it out.</param>
public sealed record CmlApplication(string? Id, string? Name, string? Status, string? Subdomain, string? Url);
