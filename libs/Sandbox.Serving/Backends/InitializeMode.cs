namespace Sandbox.Serving.Backends;

/// <summary>How a <see cref="ServeBackend"/> came to its cluster.</summary>
public enum InitializeMode
{
    /// <summary>It had one.</summary>
    AlreadyInitialized,

    /// <summary>By an address that was given.</summary>
    Connected,

    /// <summary>One was found on this machine.</summary>
    Auto,

    /// <summary>It started one on this machine.</summary>
    Local,
}
