namespace Sandbox.Api.E2b;

/// <summary>What each handler of the E2B API reads and answers with.</summary>
internal sealed record E2bSupport(E2bBody Body, E2bViews Views);
