using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Sandboxes;

/// <summary>A record in ROCK's words.</summary>
internal sealed class StatusViews(IOptions<ApiOptions> options)
{
    private const long KiB = 1024;
    private const double GiB = 1024.0 * 1024 * 1024;

    /// <summary>Reported to clients as the versions of gateway and agent; one product, so one version.</summary>
    private static readonly string Version = typeof(StatusViews).Assembly.GetName().Version!.ToString(3);

    private static readonly IReadOnlyDictionary<string, int> NoPorts = new Dictionary<string, int>();

    private readonly TimeZoneInfo _zone = options.Value.TimeZone is { Length: > 0 } zone
        ? TimeZoneInfo.FindSystemTimeZoneById(zone) : TimeZoneInfo.Utc;

    /// <param name="expiresAt">When it is stopped if nothing happens, as fresh as it is known.</param>
    public StatusResult Of(SandboxInstance sandbox, DateTimeOffset? expiresAt) => Fill(new StatusResult(), sandbox, expiresAt) with
    {
        IsAlive = sandbox.State is SandboxState.Running,
        GatewayVersion = Version,
        SweRexVersion = Version,
    };

    public ListItem ListItemOf(SandboxInstance sandbox) => Fill(new ListItem(), sandbox, sandbox.IdleDeadline) with
    {
        RockAuthorizationEncrypted = sandbox.Spec.EncryptedAuthorization,
    };

    /// <summary>In a batch ROCK's clients expect every entry to be called alive.</summary>
    public StatusResult BatchItemOf(SandboxInstance sandbox) => Fill(new StatusResult(), sandbox, sandbox.IdleDeadline);

    public static StartResult StartOf(SandboxInstance sandbox) => new()
    {
        SandboxId = sandbox.Id.ToString(),
        HostName = sandbox.HostName,
        HostIp = sandbox.HostIp,
        Disk = DiskOf(sandbox.Spec.DiskBytes),
        DiskLimitRootfs = DiskOf(sandbox.Spec.DiskBytes),
    };

    /// <summary>What ROCK fills in after a restart.</summary>
    public static StartResult RestartOf(SandboxInstance sandbox) => new()
    {
        SandboxId = sandbox.Id.ToString(),
        HostName = sandbox.HostName,
        HostIp = sandbox.HostIp,
    };

    public CommitStatus CommitOf(SandboxCommit commit) => new(
        commit.SandboxId.ToString(), commit.ImageTag, commit.Phase.ToString().ToUpperInvariant(), TimeOf(commit.StartedAt)!,
        TimeOf(commit.CompletedAt),
        commit.ExitCode, commit.FailedStage, commit.ErrorCode, commit.ErrorMessage);

    private T Fill<T>(T view, SandboxInstance sandbox, DateTimeOffset? expiresAt)
        where T : StatusResult
    {
        var spec = sandbox.Spec;
        var disk = DiskOf(sandbox.State is SandboxState.Pending ? spec.DiskBytes : sandbox.EffectiveDiskBytes);
        var live = sandbox.State is SandboxState.Pending or SandboxState.Running;
        return view with
        {
            SandboxId = sandbox.Id.ToString(),
            Status = sandbox.Phases.ToDictionary(phase => phase.Name, PhaseOf),
            State = sandbox.State.Name(),
            PortMapping = NoPorts,
            HostName = sandbox.HostName,
            HostIp = sandbox.HostIp,
            IsAlive = true,
            Image = spec.Image,
            Metadata = spec.Metadata,
            UserId = sandbox.Owner.UserId,
            ExperimentId = sandbox.Owner.ExperimentId,
            Namespace = sandbox.Owner.Namespace,
            Cpus = spec.Cpus,
            Memory = (spec.MemoryBytes / GiB).ToString("0.00", CultureInfo.InvariantCulture) + "g",
            NumGpus = spec.NumGpus,
            AcceleratorType = spec.AcceleratorType,
            Disk = disk,
            DiskLimitRootfs = disk,
            StartTime = TimeOf(sandbox.StartedAt),
            StopTime = TimeOf(sandbox.StoppedAt),
            CreateTime = TimeOf(sandbox.CreatedAt),
            ArchiveTime = TimeOf(sandbox.ArchivedAt),
            DeleteTime = TimeOf(sandbox.DeletedAt),
            AutoStopTime = live ? TimeOf(Deadlines.StopOf(sandbox, expiresAt)) : null,
            AutoArchiveTime = sandbox.AutoTransitionState is SandboxState.Archiving or SandboxState.Archived
                ? TimeOf(sandbox.AutoTransitionAt) : null,
            AutoDeleteTime = sandbox.AutoTransitionState is SandboxState.Deleted ? TimeOf(sandbox.AutoTransitionAt) : null,
            StateHistory = [.. sandbox.History.Select(ChangeOf)],
            DiskLimitLog = DiskOf(sandbox.EffectiveLogBytes),
            NetworkIsolation = sandbox.EffectiveNetwork,
            Egress = spec.Egress is { IsOpen: false } egress ? new EgressMessage(egress.Allow, egress.Deny) : null,
            Reason = sandbox.Reason,
        };
    }

    private PhaseStatusResult PhaseOf(SandboxPhase phase) =>
        new(phase.Status.Name(), phase.Message, TimeOf(phase.StartedAt), TimeOf(phase.CompletedAt));

    private StateChangeResult ChangeOf(StateChange change) =>
        new(change.From.Name(), change.To.Name(), change.On.Name(), TimeOf(change.At)!);

    /// <summary>A time as it stands in answers.</summary>
    public string? TimeOf(DateTimeOffset? at) =>
        at is { } time ? TimeZoneInfo.ConvertTime(time, _zone).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture) : null;

    /// <summary>In the largest unit that says it exactly.</summary>
    private static string? DiskOf(long? bytes) => bytes switch
    {
        null => null,
        { } size when size % (KiB * KiB * KiB) == 0 => $"{size / KiB / KiB / KiB}G",
        { } size when size % (KiB * KiB) == 0 => $"{size / KiB / KiB}M",
        { } size => size.ToString(CultureInfo.InvariantCulture),
    };
}
