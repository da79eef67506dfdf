using System.Diagnostics;
using System.Globalization;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Nodes;

/// <summary>What a run puts around one worker so that it can be harmed alone: relays before its stores, a small disk for its data, and
/// a clock that can be made to jump.</summary>
public sealed class HarmableNode : IDisposable
{
    private const string Filler = "filler";

    private readonly TempFolder _folder = new();
    private readonly List<StoreRelay> _relays = [];

    public HarmableNode(ProcessCluster cluster, string name)
    {
        Name = name;
        var store = new Npgsql.NpgsqlConnectionStringBuilder(cluster.Database);
        var database = _folder.File(".s.PGSQL.5432");
        _relays.Add(new StoreRelay(database, Path.Combine(store.Host!, Path.GetFileName(database))));
        store.Host = _folder.Path;
        Settings =
        [
            ("ConnectionStrings__sandbox", store.ConnectionString), ("Worker__DataFolder", Disk),
            ("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location), (JumpingClock.Variable, Clock),
        ];
        if (cluster.Redis is { } redis)
        {
            _relays.Add(new StoreRelay(_folder.File("redis.sock"), redis.ConnectionString[1..]));
            Settings = [.. Settings, ("ConnectionStrings__redis", $"!{_folder.File("redis.sock")}")];
        }

        Directory.CreateDirectory(Disk);
        Run("mount", "-t", "tmpfs", "-o", "size=32m,nr_inodes=1000,mode=0755", "tmpfs", Disk);
    }

    public string Name { get; }

    /// <summary>What its process is started with.</summary>
    public (string Key, string Value)[] Settings { get; }

    private string Disk => _folder.File("data");

    private string Clock => _folder.File("clock");

    public void Cut() => _relays.ForEach(relay => relay.Cut());

    public void Connect() => _relays.ForEach(relay => relay.Heal());

    /// <summary>Until neither a byte nor a file fits.</summary>
    public void FillDisk()
    {
        var filler = Directory.CreateDirectory(Path.Combine(Disk, Filler)).FullName;
        Until(() => File.WriteAllBytes(Path.Combine(filler, "bytes"), new byte[64 << 20]));
        for (var file = 0; Until(() => File.Create(Path.Combine(filler, $"{file}")).Dispose()); file++)
        {
        }
    }

    public void EmptyDisk() => Directory.Delete(Path.Combine(Disk, Filler), recursive: true);

    /// <summary>Its time of day is ahead by this.</summary>
    public void Jump(TimeSpan ahead)
    {
        // Replaced whole: a reader finds the one or the other.
        File.WriteAllText(Clock + ".next", ahead.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        File.Move(Clock + ".next", Clock, overwrite: true);
    }

    /// <summary>Whether the process has read its clock since it jumped ahead.</summary>
    public bool HasJumped => File.Exists(Clock + JumpingClock.Seen);

    public void ForgetJump() => File.Delete(Clock + JumpingClock.Seen);

    public void Dispose()
    {
        _relays.ForEach(relay => relay.Dispose());
        Run("umount", "-l", Disk);
        _folder.Dispose();
    }

    /// <summary>False: the disk is full.</summary>
    private static bool Until(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}; a run under faults needs root");
        }
    }
}
