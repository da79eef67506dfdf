using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Aspire.Hosting.Running;

/// <summary>
/// What one AppHost keeps from run to run: generated secrets, named data folders, its lock and its control socket. Outside the
/// repository, because a database that runs as another user must be able to walk there. Of a test: a throw-away one.
/// </summary>
internal sealed class StateFolder : IDisposable
{
    /// <summary>Another place for all of it, by environment.</summary>
    public const string Variable = "LocalHosting__StateFolder";

    private const UnixFileMode Walkable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly bool _isThrowAway;
    private readonly Lock _lock = new();
    private readonly Lazy<string> _path;
    private readonly Lazy<string> _scratch;
    private Dictionary<string, string>? _kept;

    public StateFolder(string appHostDirectory, bool isThrowAway)
    {
        _isThrowAway = isThrowAway;
        _path = new Lazy<string>(() => isThrowAway ? MakeScratch() : Make(PathOf(appHostDirectory)));
        _scratch = new Lazy<string>(MakeScratch);
    }

    public string Path => _path.Value;

    public string ControlSocket => System.IO.Path.Combine(Path, "control.sock");

    /// <summary>A folder that the next run finds again.</summary>
    public string Named(string name) => Make(System.IO.Path.Combine(Make(System.IO.Path.Combine(Path, "data")), name));

    /// <summary>A folder that is gone with this run.</summary>
    public string Scratch(string name) => Make(System.IO.Path.Combine(_scratch.Value, name));

    /// <summary>The value that was made the first time.</summary>
    public string Keep(string key, Func<string> make)
    {
        lock (_lock)
        {
            var file = System.IO.Path.Combine(Path, "secrets.json");
            _kept ??= File.Exists(file) ? JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(file)) ?? [] : [];
            if (_kept.TryGetValue(key, out var value))
            {
                return value;
            }

            _kept[key] = value = make();
            var begun = file + ".new";
            using (var stream = new FileStream(begun, new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                JsonSerializer.Serialize(stream, _kept);
            }

            File.Move(begun, file, overwrite: true);
            return value;
        }
    }

    public void Dispose()
    {
        foreach (var folder in new[] { _scratch, _path }.Where((folder, place) => folder.IsValueCreated && (place == 0 || _isThrowAway)))
        {
            // The one who holds it and the one who made it both end it.
            if (Directory.Exists(folder.Value))
            {
                Directory.Delete(folder.Value, recursive: true);
            }
        }
    }

    private static string PathOf(string appHostDirectory)
    {
#pragma warning disable RS0030 // Not an option of the floor plan: its parameters are kept there.
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
#pragma warning restore RS0030
        {
            return System.IO.Path.GetFullPath(chosen);
        }

        var root = Environment.IsPrivilegedProcess
            ? "/var/lib"
            : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        var place = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(appHostDirectory)))[..12];
        return System.IO.Path.Combine(root, "local-hosting", place);
    }

    private static string MakeScratch()
    {
        var folder = Directory.CreateTempSubdirectory("lh").FullName;
        File.SetUnixFileMode(folder, Walkable);
        return folder;
    }

    private static string Make(string path) => Directory.CreateDirectory(path, Walkable).FullName;
}
