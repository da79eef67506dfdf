namespace Sandbox.Serving.Cml.Jobs;

/// <summary>A job that is in a project.</summary>
/// <param name="Id">Its id there.</param>
public sealed record ProjectJob(JobDefinition Definition, string Id);
