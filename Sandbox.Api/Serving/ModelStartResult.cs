using System.Diagnostics.CodeAnalysis;
using Sandbox.Domain.Models;
using Sandbox.Serving.Backends;

namespace Sandbox.Api.Serving;

/// <summary>The record of a model that was asked for, or why there is none.</summary>
internal sealed record ModelStartResult(ModelRecord? Model, ServingFailure? Failure)
{
    [MemberNotNullWhen(true, nameof(Model))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsAccepted => Model is not null;

    public static ModelStartResult Failed(ServingError error, string message) => new(null, new(error, message));
}
