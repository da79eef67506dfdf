using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Envd;

// filesystem.Filesystem of the envd protocol in its JSON form.

public sealed record PathRequest(string Path = "");

/// <param name="Mode">Our own addition to the protocol: permission bits; null: what the umask leaves.</param>
public sealed record MakeDirRequest(string Path = "", uint? Mode = null);

public sealed record MoveRequest(string Source = "", string Destination = "");

public sealed record ListDirRequest(string Path = "", uint Depth = 0);

public sealed record EntryResponse(EntryInfo Entry);

public sealed record ListDirResponse(IReadOnlyList<EntryInfo> Entries);

public sealed record EntryInfo
{
    public string Name { get; set; } = "";

    public FileType Type { get; set; }

    public string Path { get; set; } = "";

    /// <summary>Bytes; a decimal string on the wire.</summary>
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)]
    public long Size { get; set; }

    /// <summary>Permission bits.</summary>
    public uint Mode { get; set; }

    /// <summary>Go style: <c>-rw-r--r--</c>, <c>drwxr-xr-x</c>, <c>Lrwxrwxrwx</c>.</summary>
    public string Permissions { get; set; } = "";

    public string Owner { get; set; } = "";

    public string Group { get; set; } = "";

    public DateTimeOffset ModifiedTime { get; set; }

    public string? SymlinkTarget { get; set; }

    public IReadOnlyDictionary<string, string>? Metadata { get; set; }
}

[JsonConverter(typeof(JsonStringEnumConverter<FileType>))]
public enum FileType
{
    FILE_TYPE_UNSPECIFIED = 0,
    FILE_TYPE_FILE = 1,
    FILE_TYPE_DIRECTORY = 2,
    FILE_TYPE_SYMLINK = 3,
}

public sealed record WatchDirRequest(string Path = "", bool Recursive = false, bool IncludeEntry = false, bool AllowNetworkMounts = false);

/// <summary>Exactly one of the members is set.</summary>
public sealed record WatchDirResponse(Nothing? Start = null, FilesystemEvent? Filesystem = null, Keepalive? Keepalive = null);

/// <summary>The polling form of a watch.</summary>
public sealed record CreateWatcherResponse(string WatcherId);

/// <summary>Of both GetWatcherEvents and RemoveWatcher.</summary>
public sealed record WatcherRequest(string WatcherId = "");

/// <summary>What happened since the last question.</summary>
public sealed record WatcherEventsResponse(IReadOnlyList<FilesystemEvent> Events);

/// <param name="Name">Relative to the watched folder.</param>
public sealed record FilesystemEvent(string Name, FilesystemEventType Type, EntryInfo? Entry = null);

[JsonConverter(typeof(JsonStringEnumConverter<FilesystemEventType>))]
public enum FilesystemEventType
{
    EVENT_TYPE_UNSPECIFIED = 0,
    EVENT_TYPE_CREATE = 1,
    EVENT_TYPE_WRITE = 2,
    EVENT_TYPE_REMOVE = 3,
    EVENT_TYPE_RENAME = 4,
    EVENT_TYPE_CHMOD = 5,
}

/// <summary>One written file, in the answer of <c>POST /files</c>.</summary>
public sealed record WrittenFile(string Path, string Name, string Type = "file", IReadOnlyDictionary<string, string>? Metadata = null);

/// <summary>An error of the plain HTTP routes.</summary>
public sealed record EnvdError(int Code, string Message);
