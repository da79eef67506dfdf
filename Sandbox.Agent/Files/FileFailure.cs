using Microsoft.AspNetCore.Connections;

namespace Sandbox.Agent.Files;

/// <summary>What a caller of the files core can cause; each API has its own words and codes for these.</summary>
internal enum FileFailureKind
{
    InvalidPath,
    NotFound,
    AlreadyExists,
    IsDirectory,
    NotDirectory,
    NoSpace,
    Denied,
    TooLarge,
    Other,
}

/// <summary>A file operation that failed for a reason its caller can act on.</summary>
internal sealed class FileFailure(FileFailureKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    private const int NoSuchEntry = 2, PermissionDenied = 13, Exists = 17, NotADirectory = 20, IsADirectory = 21,
        TextBusy = 26, FileTooBig = 27, NoSpaceLeft = 28, ReadOnly = 30, NameTooLong = 36, NotEmpty = 39, Loop = 40, QuotaExceeded = 122;

    public FileFailureKind Kind { get; } = kind;

    /// <summary>Whether an exception of the file system is one of ours in disguise.</summary>
    public static bool Names(Exception exception) =>
        exception is FileFailure or UnauthorizedAccessException
        || (exception is IOException and not (EndOfStreamException or ConnectionResetException or BadHttpRequestException));

    public static FileFailure From(Exception exception, string path) => exception switch
    {
        FileFailure known => known,
        FileNotFoundException or DirectoryNotFoundException => new(FileFailureKind.NotFound, $"path '{path}' does not exist", exception),
        PathTooLongException => new(FileFailureKind.InvalidPath, $"path '{path}' is too long", exception),
        UnauthorizedAccessException => new(FileFailureKind.Denied, $"permission denied: '{path}'", exception),
        // The file system of .NET puts the error number of Unix into HResult where it has no own exception for it.
        _ => FromErrorNumber(exception.HResult, path, exception),
    };

    public static FileFailure FromErrorNumber(int errorNumber, string path, Exception? cause = null) => errorNumber switch
    {
        NoSuchEntry => new(FileFailureKind.NotFound, $"path '{path}' does not exist", cause),
        PermissionDenied or 1 => new(FileFailureKind.Denied, $"permission denied: '{path}'", cause),
        ReadOnly => new(FileFailureKind.Denied, $"the file system of '{path}' is read-only", cause),
        Exists => new(FileFailureKind.AlreadyExists, $"path '{path}' already exists", cause),
        NotADirectory => new(FileFailureKind.NotDirectory, $"a parent of '{path}' is not a directory", cause),
        IsADirectory => new(FileFailureKind.IsDirectory, $"path '{path}' is a directory", cause),
        NotEmpty => new(FileFailureKind.AlreadyExists, $"directory '{path}' is not empty", cause),
        NoSpaceLeft or QuotaExceeded => new(FileFailureKind.NoSpace, $"not enough disk space available for '{path}'", cause),
        FileTooBig => new(FileFailureKind.NoSpace, $"file '{path}' would exceed the largest size allowed", cause),
        TextBusy => new(FileFailureKind.Other, $"'{path}' is a program that runs: remove it first, then write it anew", cause),
        Loop => new(FileFailureKind.InvalidPath, $"path '{path}' leads through too many links", cause),
        NameTooLong => new(FileFailureKind.InvalidPath, $"path '{path}' is too long", cause),
        _ => new(FileFailureKind.Other, $"'{path}': {cause?.Message ?? $"error {errorNumber}"}", cause),
    };
}
