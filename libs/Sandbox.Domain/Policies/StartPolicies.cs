namespace Sandbox.Domain.Policies;

/// <summary>All that decides what a new sandbox gets, as it is configured at one moment.</summary>
public sealed record StartPolicies(
    SpecLimits Limits, SecurityPolicy Security, LifecycleOptions Lifecycle, AutoPolicy Auto, StartOptions Start);
