namespace Sandbox.Chaos.Facts;

/// <summary>What lies in the folder of archives, past the code under test.</summary>
public static class ArchiveReader
{
    public static IReadOnlyList<ArchiveFact> Read(string folder) =>
    [
        .. from file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
           group file.Name by (Sandbox: file.Directory!.Name, Incarnation: file.Name.Split('.')[0]) into archive
           select new ArchiveFact(archive.Key.Sandbox, archive.Key.Incarnation, archive.Contains($"{archive.Key.Incarnation}.tar.gz")),
    ];
}
