using System.Text.Json;
using Microsoft.Data.Sqlite;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Sqlite;

/// <summary>One claim, in one write: read the oldest jobs of each tenant, choose among those that this node could take, take
/// the chosen ones.</summary>
internal sealed class JobClaims(SqliteConnection connection, JobClaim claim, FairShareScheduler scheduler, DateTimeOffset now)
{
    // A node that claims has capacity for a few; what waits behind a thousand others that have a slot is not looked at yet.
    private const string Oldest = """
        SELECT id, version, job, attempt, created_at, tenant, host_name, spec FROM (
            SELECT due.*, row_number() OVER (PARTITION BY slot_class, tenant ORDER BY id) AS place
            FROM (
                SELECT jobs.*, coalesce(sandboxes.tenant, 'default') AS tenant, host_name, spec
                FROM jobs LEFT JOIN sandboxes ON sandboxes.id = jobs.sandbox_id
                WHERE claimable_at <= $now
                    AND instr($open, '/' || slot_class || '/') > 0
                    AND instr($exhausted, '/' || slot_class || ' ' || coalesce(sandboxes.tenant, 'default') || '/') = 0
                    AND NOT EXISTS (SELECT 1 FROM jobs older WHERE older.sandbox_id = jobs.sandbox_id AND older.id < jobs.id)
                ORDER BY jobs.id LIMIT 5000) due)
        WHERE place <= $window ORDER BY id
        """;

    private static readonly SandboxSpec Unknown = SandboxSpec.FromFlatFields(DeploymentKind.Docker, "", 0, 0, 0);

    private readonly List<WaitingJob> _waiting = [];
    private readonly Dictionary<long, ClaimedJob> _jobs = [];
    private readonly List<(long Id, int Attempt, string Text)> _unreadable = [];
    private readonly Dictionary<string, string> _offer = JobDemand.Offer(claim);
    private BlockedStart? _blocked;

    public IReadOnlyList<ClaimedJob> Run()
    {
        if (!LeaseRows.IsHeld(connection, claim.Fence, now))
        {
            return [];
        }

        Look();
        foreach (var (id, attempt, text) in _unreadable)
        {
            JobRows.ToDeadLetter(connection, "", id, attempt, JobText.WithoutSecrets(text), JobText.Unreadable, now);
        }

        return [.. scheduler.Choose(claim, _waiting, _blocked).Order().Select(Take)];
    }

    private void Look()
    {
        using var command = Sql.Command(
            connection,
            Oldest,
            ("$now", Sql.Moment(now)),
            ("$open", Words(claim.Slots.Open.Select(one => $"{one:D}"))),
            ("$exhausted", Words(claim.Slots.Exhausted.Select(one => $"{one.Class:D} {one.Tenant}"))),
            ("$window", (2 * claim.Limit) + 32));
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var (id, attempt, text) = (row.GetInt64(0), row.GetInt32(3), row.GetString(2));
            if (JobText.TryRead(text, row.GetInt64(1)) is not { } job)
            {
                _unreadable.Add((id, attempt, text));
                continue;
            }

            _jobs.Add(id, new ClaimedJob(id, job, attempt + 1) { Tenant = row.GetString(5) });
            var waiting = new WaitingJob(
                id, row.GetString(5), IsStart: false, job.SlotClass, Nothing, "", now - Sql.Moment(row.GetInt64(4)));
            Add(waiting, JobDemand.Of(job, SpecOf(row)), Sql.TextOrNull(row, 6));
        }
    }

    private static NodeCapacity Nothing { get; } = new(0, 0, 0, 0);

    private void Add(WaitingJob job, JobDemand demand, string? host)
    {
        if (!demand.IsStart)
        {
            if (claim.Fence is null || demand.IsAnywhere || host == claim.Node || (host is null && HasAll(demand.Labels)))
            {
                _waiting.Add(job with { Demand = demand.Capacity });
            }
        }
        else if (claim.TakesStarts && HasAll(demand.Labels))
        {
            AddStart(job with { IsStart = true, Demand = demand.Capacity, Image = demand.Image });
        }
    }

    private void AddStart(WaitingJob start)
    {
        if (claim.FreeCapacity.Fits(start.Demand))
        {
            _waiting.Add(start);
        }
        else if (_blocked is null && start.Waited >= JobClaim.AgeLimit && claim.Capacity.Fits(start.Demand))
        {
            _blocked = new BlockedStart(start.Id, start.Demand);
        }
    }

    private bool HasAll(IReadOnlyDictionary<string, string> labels) =>
        labels.All(label => _offer.TryGetValue(label.Key, out var value) && value == label.Value);

    private ClaimedJob Take(long id)
    {
        Sql.Execute(
            connection,
            "UPDATE jobs SET attempt = attempt + 1, node = $node, claimable_at = $lease_ends WHERE id = $id",
            ("$node", claim.Node),
            ("$lease_ends", Sql.Moment(now + claim.Lease)),
            ("$id", id));
        return _jobs[id];
    }

    /// <summary>Between slashes, which none of them has.</summary>
    private static string Words(IEnumerable<string> words) => $"/{string.Join('/', words)}/";

    private static SandboxSpec SpecOf(SqliteDataReader row) =>
        (row.IsDBNull(7) ? null : JsonSerializer.Deserialize(row.GetString(7), RecordJson.Default.SandboxSpec)) ?? Unknown;
}
