using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Rest;

internal sealed record ProjectPage(ImmutableArray<CmlProject>? Projects, string? NextPageToken);
