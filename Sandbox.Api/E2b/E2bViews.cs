using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Contracts.E2b;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.E2b;

/// <summary>A record in E2B's words.</summary>
internal sealed class E2bViews(
    TemplateCatalog templates, SandboxAccessTokens tokens, TimeProvider time, IOptions<E2bOptions> options)
{
    /// <summary>Clients leave out what an older one could not do. It is that of the protocol which the agent speaks.</summary>
    private const string EnvdVersion = "0.6.13";

    private const string ClientId = "sandbox-aspire";
    private const long MiB = 1024 * 1024;

    private string? Domain => options.Value.Domain is { Length: > 0 } domain ? domain : null;

    public E2bSandbox AccessOf(SandboxInstance sandbox)
    {
        var (template, alias) = TemplateOf(sandbox);
        var token = tokens.Of(sandbox.Id, sandbox.Incarnation);
        return new E2bSandbox
        {
            SandboxId = sandbox.Id.ToString(),
            TemplateId = template,
            Alias = alias,
            ClientId = ClientId,
            EnvdVersion = EnvdVersion,
            EnvdAccessToken = token,
            TrafficAccessToken = token,
            Domain = Domain,
        };
    }

    public E2bSandboxInfo ListItemOf(SandboxInstance sandbox)
    {
        var (template, alias) = TemplateOf(sandbox);
        return new E2bSandboxInfo
        {
            SandboxId = sandbox.Id.ToString(),
            TemplateId = template,
            Alias = alias,
            ClientId = ClientId,
            StartedAt = sandbox.CreatedAt.UtcDateTime,
            EndAt = (Deadlines.StopOf(sandbox, sandbox.IdleDeadline) ?? sandbox.CreatedAt).UtcDateTime,
            State = "running",
            CpuCount = CpusOf(sandbox.Spec),
            MemoryMb = sandbox.Spec.MemoryBytes / MiB,
            DiskSizeMb = DiskOf(sandbox) / MiB,
            EnvdVersion = EnvdVersion,
            Metadata = sandbox.Spec.Metadata.Where(entry => entry.Key != NewSandboxReader.TemplateKey)
                .ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal),
        };
    }

    public E2bSandboxInfo DetailOf(SandboxInstance sandbox) => ListItemOf(sandbox) with
    {
        Domain = Domain,
        AllowInternetAccess = sandbox.Spec.Network is not NetworkMode.None && sandbox.Spec.Egress?.Allow is not [],
        Lifecycle = new E2bLifecycle("kill", AutoResume: false),
    };

    /// <summary>What it uses now, where that is between two times (seconds since 1970).</summary>
    public IReadOnlyList<E2bMetric> MetricsOf(SandboxInstance sandbox, Statistics used, long? start, long? end)
    {
        var (now, memory, disk) = (time.GetUtcNow(), sandbox.Spec.MemoryBytes, DiskOf(sandbox));
        var seconds = now.ToUnixTimeSeconds();
        return seconds < start || seconds > end ? [] :
        [
            new E2bMetric
            {
                Timestamp = now.UtcDateTime,
                TimestampUnix = seconds,
                CpuCount = CpusOf(sandbox.Spec),
                CpuUsedPercent = used.Cpu,
                MemoryTotal = memory,
                MemoryUsed = (long)(memory * used.Mem / 100),
                MemoryCache = 0,
                DiskTotal = disk,
                DiskUsed = (long)(disk * used.Disk / 100),
            },
        ];
    }

    private static int CpusOf(SandboxSpec spec) => Math.Max(1, (int)Math.Round(spec.Cpus));

    private static long DiskOf(SandboxInstance sandbox) => sandbox.EffectiveDiskBytes ?? sandbox.Spec.DiskBytes ?? 0;

    public static E2bTemplate Of(Template template) => new()
    {
        TemplateId = template.Name,
        Names = [.. template.Names],
        Aliases = [.. template.Options.Aliases],
        IsPublic = true,
        CpuCount = Math.Max(1, (int)Math.Round(template.Options.Cpus)),
        MemoryMb = SizeText.TryParse(template.Options.Memory, out var bytes) ? bytes / MiB : 0,
    };

    /// <summary>The name of its template, or of its image where it was not made of one.</summary>
    public static string TemplateNameOf(SandboxInstance sandbox) =>
        sandbox.Spec.Metadata.GetValueOrDefault(NewSandboxReader.TemplateKey) ?? sandbox.Spec.Image;

    private (string Name, string? Alias) TemplateOf(SandboxInstance sandbox)
    {
        var name = TemplateNameOf(sandbox);
        return (name, templates.Find(name)?.Alias);
    }
}
