namespace Sandbox.Serving.Cml.Rest;

/// <summary>How far something is that Cloudera ML does by itself.</summary>
internal enum CmlProgress
{
    Waiting,
    Done,
    Failed,
}
