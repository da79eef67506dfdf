namespace Sandbox.Storage;

/// <summary>The cluster's store cannot be used with the configuration that there is; the process does not start. The text
/// names the key and never the password.</summary>
public sealed class StorageUnavailableException(
    string reason, Exception? inner = null, string key = StorageServiceCollectionExtensions.ConnectionKey)
    : Exception($"{key}: {reason}", inner);
