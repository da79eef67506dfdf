namespace Sandbox.Serving.Cml.Rest;

public sealed record CmlJob(string? Id, string? Name);
