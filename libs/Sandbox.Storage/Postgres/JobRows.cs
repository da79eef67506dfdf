using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Postgres;

/// <summary>A job as a row of <c>jobs</c>, as its caller knows it: its text carries the caller's trace.</summary>
internal sealed class JobRow(SandboxJob job, SandboxInstance about, long? version)
{
    private readonly JobDemand _demand = JobDemand.Of(job, about.Spec);

    private string Text { get; } = JobText.Of(job);

    private JobClass SlotClass { get; } = job.SlotClass;

    /// <summary>The columns of a job among those of its item; an item may have none.</summary>
    public static ItemTable<JobRow?> Columns { get; } = new ItemTable<JobRow?>()
        .Words("job", row => row?.Text)
        .Number("job_version", row => row?.Version)
        .Words("job_tenant", row => row?.Tenant)
        .Flag("job_is_start", row => row?._demand.IsStart)
        .Flag("job_is_anywhere", row => row?._demand.IsAnywhere)
        .Number("job_slot_class", row => (long?)row?.SlotClass)
        .Real("job_cpus", row => row?._demand.Capacity.Cpus)
        .Number("job_memory_bytes", row => row?._demand.Capacity.MemoryBytes)
        .Number("job_disk_bytes", row => row?._demand.Capacity.DiskBytes)
        .Real("job_gpus", row => row?._demand.Capacity.Gpus)
        .Jsonb("job_labels", row => row is null ? null : JobRows.TextOf(row._demand.Labels))
        .Words("job_image", row => row?._demand.Image);

    private string Tenant => about.Tenant;

    /// <summary>Null: that of the record.</summary>
    private long? Version => version;
}

/// <summary>How rows of <c>jobs</c> are made.</summary>
internal static class JobRows
{
    /// <summary>Inserts the job of each item whose id is in <paramref name="source"/>, which has id, version and host_name of a
    /// record. They can be claimed at once, and their ages are in the order of the items.</summary>
    public static string InsertFrom(string source) => $"""
        INSERT INTO jobs (
            sandbox_id, version, job, tenant, is_start, is_anywhere, slot_class, pinned, cpus, memory_bytes, disk_bytes, gpus, labels, image, claimable_at, created_at)
        SELECT
            source.id, coalesce(job_version, source.version), item.job, job_tenant, job_is_start, job_is_anywhere, job_slot_class,
            CASE WHEN job_is_start OR job_is_anywhere THEN NULL ELSE source.host_name END,
            job_cpus, job_memory_bytes, job_disk_bytes, job_gpus, job_labels, job_image, store_now(), store_now()
        FROM {source} source JOIN item ON item.id = source.id WHERE item.job IS NOT NULL ORDER BY item.no
        """;

    public static NpgsqlBatchCommand WithCapacity(this NpgsqlBatchCommand statement, string prefix, NodeCapacity capacity) => statement
        .With($"{prefix}cpus", capacity.Cpus)
        .With($"{prefix}memory_bytes", capacity.MemoryBytes)
        .With($"{prefix}disk_bytes", capacity.DiskBytes)
        .With($"{prefix}gpus", capacity.Gpus);

    public static NpgsqlBatchCommand WithLabels(
        this NpgsqlBatchCommand statement, string name, IReadOnlyDictionary<string, string> labels) =>
        statement.With(name, NpgsqlDbType.Jsonb, TextOf(labels));

    public static string TextOf(IReadOnlyDictionary<string, string> labels) =>
        JsonSerializer.Serialize(labels, RecordJson.Default.IReadOnlyDictionaryStringString);
}
