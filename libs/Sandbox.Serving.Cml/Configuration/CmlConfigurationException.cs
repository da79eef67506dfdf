namespace Sandbox.Serving.Cml.Configuration;

/// <summary>A file or a value cannot be used; the message has all that is wrong, without a secret.</summary>
public sealed class CmlConfigurationException(string message) : Exception(message);
