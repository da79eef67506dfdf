using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// The disk image of a kata sandbox: a sparse file on this node, seen inside as <see cref="PathInSandbox"/>. A stop keeps
/// it, delete removes it.
/// </summary>
internal sealed class KataDisk(string dataFolder)
{
    public const string PathInSandbox = "/docker-disk.img";

    /// <summary>Size when the spec has no disk limit.</summary>
    private const long DefaultBytes = 50L << 30;

    public string File(IncarnationId incarnation) =>
        Path.Combine(Path.GetFullPath(dataFolder), "kata", $"{incarnation}.img");

    public bool Exists(IncarnationId incarnation) => System.IO.File.Exists(File(incarnation));

    public void EnsureMade(SandboxInstance sandbox)
    {
        var file = File(sandbox.Incarnation);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var image = System.IO.File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.Write);
        if (RandomAccess.GetLength(image) == 0)
        {
            RandomAccess.SetLength(image, sandbox.Spec.DiskBytes ?? DefaultBytes);
        }
    }

    public void EnsureGone(IncarnationId incarnation)
    {
        if (Exists(incarnation))
        {
            System.IO.File.Delete(File(incarnation));
        }
    }
}
