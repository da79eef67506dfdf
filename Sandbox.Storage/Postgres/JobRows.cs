using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Postgres;

/// <summary>A job as a row of <c>jobs</c>.</summary>
internal static class JobRows
{
    /// <summary>Inserts one job for each row of <paramref name="source"/>, which has id, version and host_name of a record. It
    /// can be claimed at once.</summary>
    public static string InsertFrom(string source) => $"""
        INSERT INTO jobs (
            sandbox_id, version, job, tenant, is_start, is_anywhere, pinned, cpus, memory_bytes, disk_bytes, gpus, labels, image, claimable_at, created_at)
        SELECT
            id, coalesce(@job_version, version), @job, @job_tenant, @job_is_start, @job_is_anywhere, CASE WHEN @job_is_start OR @job_is_anywhere THEN NULL ELSE host_name END,
            @job_cpus, @job_memory_bytes, @job_disk_bytes, @job_gpus, @job_labels, @job_image, store_now(), store_now()
        FROM {source}
        """;

    /// <param name="version">Null: that of the record.</param>
    public static NpgsqlBatchCommand WithJob(this NpgsqlBatchCommand statement, SandboxJob job, SandboxInstance about, long? version)
    {
        var demand = JobDemand.Of(job, about.Spec);
        return statement
            .With("job_version", version)
            .With("job", JobText.Of(job))
            .With("job_tenant", about.Tenant)
            .With("job_is_start", demand.IsStart)
            .With("job_is_anywhere", demand.IsAnywhere)
            .WithRoom("job_", demand.Room)
            .WithLabels("job_labels", demand.Labels)
            .With("job_image", demand.Image);
    }

    public static NpgsqlBatchCommand WithRoom(this NpgsqlBatchCommand statement, string prefix, NodeRoom room) => statement
        .With($"{prefix}cpus", room.Cpus)
        .With($"{prefix}memory_bytes", room.MemoryBytes)
        .With($"{prefix}disk_bytes", room.DiskBytes)
        .With($"{prefix}gpus", room.Gpus);

    public static NpgsqlBatchCommand WithLabels(this NpgsqlBatchCommand statement, string name, IReadOnlyDictionary<string, string> labels) =>
        statement.With(name, NpgsqlDbType.Jsonb, JsonSerializer.Serialize(labels, RecordJson.Default.IReadOnlyDictionaryStringString));
}
