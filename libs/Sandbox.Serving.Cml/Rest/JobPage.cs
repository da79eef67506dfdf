using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Rest;

internal sealed record JobPage(ImmutableArray<CmlJob>? Jobs, string? NextPageToken);
