namespace Sandbox.Serving.Plugins;

/// <summary>An assembly has no engine that can be used; the message says why.</summary>
public sealed class EnginePluginException(string message, Exception? inner = null) : Exception(message, inner);
