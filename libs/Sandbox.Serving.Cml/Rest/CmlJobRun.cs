namespace Sandbox.Serving.Cml.Rest;

public sealed record CmlJobRun(string? Id, string? Status, DateTimeOffset? CreatedAt);
