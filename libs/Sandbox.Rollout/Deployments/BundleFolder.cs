using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Files;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Runs;

namespace Sandbox.Rollout.Deployments;

/// <summary>
/// The playbooks and inventories of rollouts, kept in the state folder by the hash of their content, so that a rollback runs what
/// ran then. A kept folder is never changed; what was changed in it is not run.
/// </summary>
public sealed class BundleFolder(StateFolder state)
{
    /// <summary>Most bytes of one bundle.</summary>
    public const long LargestBundle = 256L << 20;

    /// <summary>Most files of one bundle.</summary>
    public const int MostFiles = 5000;

    private const string Playbooks = "playbooks";

    private const string Inventory = "inventory";

    /// <summary>Folders that Ansible reads beside an inventory.</summary>
    private static readonly string[] VariableFolders = ["group_vars", "host_vars"];

    /// <summary>Keeps the files as they are now.</summary>
    /// <returns>Their hash.</returns>
    /// <exception cref="AnsibleException">There is a link among them, or they are too large or too many.</exception>
    public string Keep(AnsibleSettings settings)
    {
        var files = FilesOf(settings);
        var hash = HashOf(files);
        if (Directory.Exists(PathOf(hash)))
        {
            return hash;
        }

        // Under another name until it is whole.
        var draft = PathOf($"{hash}.{Guid.NewGuid():N}");
        try
        {
            foreach (var (name, source) in files)
            {
                var target = Path.Combine(draft, name);
                OwnerOnlyFile.EnsureFolder(Path.GetDirectoryName(target)!);
                File.Copy(source, target);
                if (!OperatingSystem.IsWindows())
                {
                    // An inventory may be a program.
                    File.SetUnixFileMode(target, OwnerOnlyFile.Mode | (File.GetUnixFileMode(source) & UnixFileMode.UserExecute));
                }
            }

            Directory.Move(draft, PathOf(hash));
        }
        catch (IOException) when (Directory.Exists(PathOf(hash)))
        {
            // Another process kept the same.
        }
        finally
        {
            if (Directory.Exists(draft))
            {
                Directory.Delete(draft, recursive: true);
            }
        }

        // What was changed while it was copied is another bundle.
        return HashOf(FilesOf(SettingsOf(hash, settings))) == hash
            ? hash
            : throw new AnsibleException("The playbooks or the inventory were changed while they were copied.");
    }

    /// <summary>Whether the files are still those of a bundle.</summary>
    public static bool IsStill(string hash, AnsibleSettings settings) => HashOf(FilesOf(settings)) == hash;

    /// <summary>A kept bundle, to be run.</summary>
    /// <param name="settings">Where the tools of a run are.</param>
    /// <exception cref="AnsibleException">It is not there, or was changed.</exception>
    public AnsibleSettings Open(string hash, AnsibleSettings settings)
    {
        if (hash.Length != 64 || !hash.All(char.IsAsciiHexDigitLower) || !Directory.Exists(PathOf(hash)))
        {
            throw new AnsibleException("This machine's state folder does not have the playbooks and the inventory of that rollout.");
        }

        var kept = SettingsOf(hash, settings);
        return HashOf(FilesOf(kept)) == hash
            ? kept
            : throw new AnsibleException($"The files of that rollout were changed after it: {PathOf(hash)} does not have its own hash.");
    }

    /// <summary>The inventory keeps its name, since Ansible reads it by its ending; it is the one file of its folder.</summary>
    private AnsibleSettings SettingsOf(string hash, AnsibleSettings settings)
    {
        var folder = Path.Combine(PathOf(hash), Inventory);
        var inventory = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).FirstOrDefault() : null;
        return settings with
        {
            Inventory = inventory ?? throw new AnsibleException($"{PathOf(hash)} has no inventory any more."),
            PlaybookFolder = Path.Combine(PathOf(hash), Playbooks),
        };
    }

    private string PathOf(string name) => Path.Combine(state.Bundles, name);

    /// <summary>By their names in the bundle.</summary>
    private static SortedDictionary<string, string> FilesOf(AnsibleSettings settings)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [$"{Inventory}/{Path.GetFileName(settings.Inventory)}"] = settings.Inventory,
        };
        Add(files, settings.PlaybookFolder, Playbooks);
        foreach (var name in VariableFolders)
        {
            var folder = Path.Combine(Path.GetDirectoryName(settings.Inventory)!, name);
            if (Directory.Exists(folder))
            {
                Add(files, folder, $"{Inventory}/{name}");
            }
        }

        var size = 0L;
        foreach (var path in files.Values)
        {
            var file = new FileInfo(path);
            if (file.LinkTarget is not null)
            {
                throw new AnsibleException($"{path} is a link, and only files are kept for a rollback.");
            }

            size += file.Length;
        }

        return files.Count <= MostFiles && size <= LargestBundle
            ? files
            : throw new AnsibleException(
                $"The playbooks are more than {MostFiles} files or {LargestBundle >> 20} MiB, and are not kept for a rollback.");
    }

    private static void Add(SortedDictionary<string, string> files, string folder, string name)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Take(MostFiles + 1))
        {
            files[$"{name}/{Path.GetRelativePath(folder, path)}"] = path;
        }
    }

    // Each name and content with its length before it, so that no two bundles are one row of bytes.
    private static string HashOf(SortedDictionary<string, string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, path) in files)
        {
            using var file = File.OpenRead(path);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Encoding.UTF8.GetByteCount(name)}:{name}:"));
            hash.AppendData(SHA256.HashData(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
