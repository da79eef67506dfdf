using Microsoft.Extensions.Options;
using Sandbox.Contracts.Files;
using Sandbox.Contracts.Ids;
using Sandbox.Node;

namespace Sandbox.Deployments.Archives;

/// <summary>What archives are called, and where their bytes lie on this node on their way.</summary>
internal sealed class ArchiveFiles
{
    private readonly string _folder;

    public ArchiveFiles(IOptions<WorkerOptions> options)
    {
        _folder = Path.Combine(Path.GetFullPath(options.Value.DataFolder), "archives");
        if (Directory.Exists(_folder))
        {
            // Of an earlier life of this node: its jobs begin anew.
            Directory.Delete(_folder, recursive: true);
        }
    }

    public static string ImageKey(SandboxId sandbox, IncarnationId incarnation) => $"{sandbox}/{incarnation}.tar.gz";

    public static string LogKey(SandboxId sandbox, IncarnationId incarnation) => $"{sandbox}/{incarnation}.log.gz";

    /// <summary>The engine's own name for the image while it is packed or unpacked.</summary>
    public static string ImageTag(IncarnationId incarnation) => $"sandbox-archive:{incarnation}";

    /// <summary>A file that is gone when it is closed, and when this process ends in whatever way it can.</summary>
    public FileStream Open()
    {
        OwnerOnlyFile.EnsureFolder(_folder);
        return new FileStream(Path.Combine(_folder, Guid.NewGuid().ToString("N")), new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            BufferSize = 1 << 20,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
            UnixCreateMode = OwnerOnlyFile.Mode,
        });
    }
}
