using System.Diagnostics;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Jobs;

namespace Sandbox.Storage.Sqlite;

/// <summary>A job as a row of <c>jobs</c>.</summary>
internal static class JobRows
{
    /// <summary>Writes a job that can be claimed at once, with the trace of whoever asks.</summary>
    public static void Insert(SqliteConnection connection, SandboxJob job, DateTimeOffset now) =>
        Sql.Execute(
            connection,
            "INSERT INTO jobs (sandbox_id, version, job, claimable_at, created_at) VALUES ($sandbox, $version, $job, $now, $now)",
            ("$sandbox", job.SandboxId.ToString()),
            ("$version", job.SandboxVersion),
            ("$job", JsonSerializer.Serialize(job with { TraceParent = job.TraceParent ?? Activity.Current?.Id }, JobJson.Default.SandboxJob)),
            ("$now", Sql.Moment(now)));

    /// <summary>Null: written by a program that knows other jobs, or damaged.</summary>
    public static SandboxJob? TryRead(string json)
    {
        try
        {
            return Read(json);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidDataException)
        {
            return null;
        }
    }

    public static SandboxJob Read(string json) =>
        JsonSerializer.Deserialize(json, JobJson.Default.SandboxJob) ?? throw new InvalidDataException("A job is empty.");
}
