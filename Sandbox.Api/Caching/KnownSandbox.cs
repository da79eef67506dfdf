using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.Caching;

/// <summary>What calls into a sandbox need of its record: whose it is, and where it runs.</summary>
/// <param name="Node">Null: the record names none.</param>
internal sealed record KnownSandbox(SandboxId Id, string Tenant, SandboxState State, IncarnationId Incarnation, string? Node);
