namespace Sandbox.Serving.Llama.Inference;

/// <summary>As many requests wait as may.</summary>
internal sealed class QueueFullException() : Exception("Too many requests wait for this model.");
