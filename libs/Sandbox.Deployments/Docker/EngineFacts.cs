namespace Sandbox.Deployments.Docker;

/// <summary>What is asked of an engine once and does not change while it runs.</summary>
/// <param name="Architecture">As the kernel names it: <c>x86_64</c>, <c>aarch64</c>.</param>
/// <param name="CanLimitDisk">The storage driver may be able to enforce a size: overlay2 on XFS. Whether the mount has project
/// quota, too, the first create tells: the engine has tried it, and the mount's options are not always seen from here.</param>
/// <param name="DataFolder">Where it keeps everything, by its own words.</param>
internal sealed record EngineFacts(string Architecture, bool CanLimitDisk, string DataFolder, Version ApiVersion);
