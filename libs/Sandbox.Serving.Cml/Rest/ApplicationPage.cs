using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Rest;

internal sealed record ApplicationPage(ImmutableArray<CmlApplication>? Applications, string? NextPageToken);
