using Sandbox.Contracts.Management;

namespace Sandbox.Api.Events;

/// <summary>Which events are told; null: any value will do.</summary>
internal sealed record EventFilter(string? SandboxId, string? Type, string? State, string? Image, string? Tenant)
{
    public bool Matches(LifecycleEvent told) =>
        Fits(SandboxId, told.SandboxId) && Fits(Type, told.Type) && Fits(State, told.State) && Fits(Image, told.Image)
        && Fits(Tenant, told.Tenant);

    private static bool Fits(string? wanted, string value) => wanted is null || wanted == value;
}
