using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Win32.SafeHandles;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Rollout.Approvals;

/// <summary>A consent to the next run of a checkpoint, that a person wrote into a file of the state folder. Whose file it is, theirs is the
/// consent, whatever name it has in <c>approved_by</c>.</summary>
/// <param name="Id">From the checkpoint and all that the file says: two files that say the same are one consent.</param>
public sealed record ApprovalFile(Guid Id, Consent Consent, bool AcknowledgesRisks)
{
    /// <summary>Longest file, in bytes.</summary>
    public const int LongestFile = 16 << 10;

    private const uint Root = 0;

    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        MaxDepth = 2,
    };

    /// <summary>Null when there is no file.</summary>
    /// <exception cref="ApprovalFileException">What is there is no consent that counts.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be read.</exception>
    public static ApprovalFile? Find(string path, Checkpoint checkpoint)
    {
        if (FileStatus.Find(path) is not { } status)
        {
            return null;
        }

        // A pipe would keep the reader waiting, and a link leads to what another person wrote for another purpose.
        Require(!status.IsLink, path, "it is a link; write a file");
        Require(status.IsRegular, path, "it is no regular file");
        using var file = File.OpenHandle(path);
        Require(FileStatus.Of(file) == status, path, "it was replaced while it was read");
        Require(status.Links == 1, path, "it has other names (hard links)");
        Require(!status.IsWritableByOthers, path, "others may write it: chmod go-w");
        Require(
            status.User == FileStatus.CurrentUser() || status.User is Root, path,
            $"it belongs to user {status.User}, who is neither root nor {Environment.UserName}");
        var bytes = ReadAll(file, path);
        var content = Parse(bytes, path);
        Require(content.Checkpoint is null || content.Checkpoint == checkpoint.Name, path, "it names another checkpoint");
        Require(
            content.DestructiveOperation is null || content.DestructiveOperation == checkpoint.IsDestructive, path,
            $"destructive_operation is not {(checkpoint.IsDestructive ? "true" : "false")}, as it is of this checkpoint");
        Require(content.ApprovedAt is not null, path, "it must have approved_at, a time with its zone");
        Require(!string.IsNullOrWhiteSpace(content.Reason), path, "it must have a reason");
        return new ApprovalFile(
            IdOf(checkpoint, bytes),
            new Consent(status.User is Root ? "root" : Environment.UserName, content.Reason!, content.ApprovedAt!.Value.ToUniversalTime())
            {
                OnBehalfOf = content.ApprovedBy,
            },
            content.AcknowledgeRisks);
    }

    private static byte[] ReadAll(SafeFileHandle file, string path)
    {
        var bytes = new byte[LongestFile + 1];
        var (length, read) = (0, 0);
        while ((read = RandomAccess.Read(file, bytes.AsSpan(length), length)) > 0)
        {
            length += read;
        }

        Require(length > 0, path, "it is empty");
        Require(length <= LongestFile, path, $"it is longer than {LongestFile} bytes");
        return bytes[..length];
    }

    private static Content Parse(byte[] bytes, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Content>(bytes, Strict) ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new ApprovalFileException(
                $"the approval {path} does not count: it is not a JSON object with approved_at, reason and, where they are needed, "
                + "checkpoint, approved_by, acknowledge_risks and destructive_operation, and nothing else"
                + (exception.Path is { Length: > 1 } member ? $" (see {member})" : ""));
        }
    }

    private static Guid IdOf(Checkpoint checkpoint, byte[] bytes) =>
        new(SHA256.HashData([.. Encoding.UTF8.GetBytes($"sandbox approval file 1\n{checkpoint.Name}\n"), .. bytes]).AsSpan(0, 16));

    private static void Require(bool holds, string path, string problem)
    {
        if (!holds)
        {
            throw new ApprovalFileException($"the approval {path} does not count: {problem}");
        }
    }

    private sealed record Content
    {
        public string? Checkpoint { get; init; }

        public string? ApprovedBy { get; init; }

        public string? Reason { get; init; }

        public DateTimeOffset? ApprovedAt { get; init; }

        public bool AcknowledgeRisks { get; init; }

        public bool? DestructiveOperation { get; init; }
    }
}
