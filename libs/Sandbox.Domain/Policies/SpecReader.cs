using System.Globalization;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>Turns what a caller asks for into the full, effective configuration, or says what cannot be.</summary>
internal sealed class SpecReader(StartPolicies policies)
{
    private const int LongestImage = 512;
    private const double LongestGrace = 86400;

    private readonly SpecLimits _limits = policies.Limits;
    private readonly StartOptions _start = policies.Start;

    /// <param name="authorization">What the caller sent as <c>X-Key</c>; null: nothing.</param>
    public Result<SandboxSpec> Read(StartRequest request, DeploymentKind deployment, string? authorization)
    {
        var check = new SpecCheck();
        CheckImage(check, request);
        var spec = new SandboxSpec
        {
            Deployment = request.Remote is null ? deployment : DeploymentKind.Remote,
            Image = request.Image.Trim(),
            ImageOs = request.ImageOs,
            Role = _limits.Role,
            Environment = _limits.Environment,
            Pull = PullOf(check, request.Pull),
            MemoryBytes = check.Memory(request.Memory, _limits.MaxMemory),
            Cpus = check.Cpus("cpus", request.Cpus, _limits.MaxCpus),
            LimitCpus = request.LimitCpus is { } most ? check.Cpus("limit_cpus", most, _limits.MaxCpus) : null,
            DiskOvercommitRatio = _start.DiskOvercommitRatio,
            DiskBytes = (request.Disk ?? _limits.DefaultDisk) is { } disk ? check.Size("disk", disk, _limits.MaxDisk) : null,
            PidsLimit = request.PidsLimit ?? _limits.DefaultPids,
            NumGpus = request.NumGpus,
            AcceleratorType = request.AcceleratorType,
            StartupTimeout = StartupOf(check, request),
            IdleTimeout = IdleOf(check, request.AutoClearTimeMinutes),
            MaxLifetime = policies.Lifecycle.MaxLifetime,
            RemoveImage = request.RemoveImage,
            Network = NetworkOf(check, request.Network),
            Egress = EgressOf(check, request.Egress),
            Privileged = request.Privileged,
            AllowPrivilegeGain = request.AllowPrivilegeGain,
            UseKata = request.UseKataRuntime,
            RegistryUsername = request.RegistryUsername,
            Env = check.Environment(EnvironmentOf(request)),
            Metadata = check.Map("metadata", request.Metadata, SpecCheck.LongestMetadata),
            ExtendedParams = check.Map("extended_params", request.ExtendedParams),
            AgentGrace = check.Seconds("agent_grace_seconds", request.AgentGraceSeconds ?? 600, 1, LongestGrace),
            Remote = RemoteOf(check, request.Remote),
        };
        spec = WithEngineArguments(check, WithAutoTransitions(check, spec, request), request);
        CheckNumbers(check, spec);
        spec = WithMore(spec, authorization);
        if (EgressReader.WhyImpossible(spec) is SandboxError.BadSpec impossible)
        {
            check.Refuse(impossible.Field, impossible.Reason);
        }

        if (check.Error is { } error)
        {
            return error;
        }

        return policies.Security.WhyForbidden(spec) is { } forbidden ? forbidden : spec;
    }

    private static void CheckImage(SpecCheck check, StartRequest request)
    {
        var image = request.Image.Trim();
        check.Require(image.Length > 0, "image", "must not be blank");
        check.Require(image.Length <= LongestImage, "image", $"must have at most {LongestImage} characters");
        check.Require(!image.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)), "image", "must not contain spaces or control characters");
        check.Require(!image.StartsWith('-'), "image", "must not begin with '-'");
        if (ImageReference.WhyRefused(image) is { } reason)
        {
            check.Refuse("image", $"'{SpecCheck.Short(image)}' {reason}");
        }

        check.Require(
            !request.ImageOs.StartsWith("windows", StringComparison.OrdinalIgnoreCase), "image_os",
            $"'{SpecCheck.Short(request.ImageOs)}' is not supported; only linux is");
    }

    private static PullPolicy PullOf(SpecCheck check, string pull)
    {
        switch (pull)
        {
            case "missing":
                return PullPolicy.Missing;
            case "never":
                return PullPolicy.Never;
            case "always":
                return PullPolicy.Always;
            default:
                check.Refuse("pull", $"'{SpecCheck.Short(pull)}' is none of never, always, missing");
                return default;
        }
    }

    private static NetworkMode NetworkOf(SpecCheck check, string? network)
    {
        check.Require(network is null or "bridge" or "none", "network", $"'{SpecCheck.Short(network ?? "")}' is none of bridge, none");
        return network is "none" ? NetworkMode.None : NetworkMode.Bridge;
    }

    private static EgressPolicy? EgressOf(SpecCheck check, EgressMessage? egress)
    {
        if (egress is null)
        {
            return null;
        }

        if (EgressReader.Read("egress", egress.Allow, egress.Deny, revision: 1).TryGet(out var policy, out var error))
        {
            return policy;
        }

        var bad = (SandboxError.BadSpec)error;
        check.Refuse(bad.Field, bad.Reason);
        return null;
    }

    private static RemoteAgent? RemoteOf(SpecCheck check, RemoteAgentRequest? remote)
    {
        if (remote is null)
        {
            return null;
        }

        var isAddress = Uri.TryCreate(remote.Host, UriKind.Absolute, out var host)
            && (host.Scheme == Uri.UriSchemeHttp || host.Scheme == Uri.UriSchemeHttps)
                && host is { IsDefaultPort: true, PathAndQuery: "/", UserInfo: "", Fragment: "" };
        check.Require(isAddress, "remote.host", "must be a scheme and a host, for example http://127.0.0.1");
        check.Require(remote.Port is > 0 and <= 65535, "remote.port", "must be between 1 and 65535");
        return new RemoteAgent(remote.Host, remote.Port, check.Seconds("remote.timeout", remote.Timeout, 0.001, 60));
    }

    /// <summary>What a caller gives goes before what every sandbox gets.</summary>
    private Dictionary<string, string> EnvironmentOf(StartRequest request)
    {
        var env = new Dictionary<string, string>(_start.EnvironmentOf(request.ImageOs, request.UseKataRuntime), StringComparer.Ordinal);
        foreach (var (name, value) in request.Env ?? new Dictionary<string, string>())
        {
            env[name] = value;
        }

        return env;
    }

    /// <summary>What is configured instead of what was asked for, and beyond it; what was asked for is within the limits.</summary>
    private SandboxSpec WithMore(SandboxSpec spec, string? authorization)
    {
        if (_start.UsesStandardSpecOnly)
        {
            _ = SizeText.TryParse(_start.StandardMemory, out var memory);
            spec = spec with { Cpus = _start.StandardCpus, MemoryBytes = memory, LimitCpus = null };
        }

        return spec with { LimitCpus = spec.LimitCpus ?? _start.LimitCpusOf(spec.Cpus, authorization, _limits.MaxCpus) };
    }

    private TimeSpan StartupOf(SpecCheck check, StartRequest request)
    {
        if ((request.StartupTimeout ?? _start.ImageOsProfiles.GetValueOrDefault(request.ImageOs)?.StartupTimeout?.TotalSeconds)
            is not { } asked)
        {
            return _limits.DefaultStartup;
        }

        check.Require(!double.IsNaN(asked), "startup_timeout", "must be a number of seconds");
        check.Require(asked >= 0, "startup_timeout", "must not be negative");
        return asked <= _limits.MinStartup.TotalSeconds ? _limits.MinStartup
            : asked >= _limits.MaxStartup.TotalSeconds ? _limits.MaxStartup
            : double.IsNaN(asked) ? default : TimeSpan.FromSeconds(asked);
    }

    private TimeSpan IdleOf(SpecCheck check, int? minutes)
    {
        check.Require(minutes is null or > 0, "auto_clear_time_minutes", "must be at least 1");
        return minutes is { } asked ? TimeSpan.FromMinutes((long)asked) : policies.Lifecycle.IdleTimeout;
    }

    private SandboxSpec WithAutoTransitions(SpecCheck check, SandboxSpec spec, StartRequest request)
    {
        check.Require(request.AutoArchiveSeconds is null or >= 0, "auto_archive_seconds", "must not be negative");
        check.Require(request.AutoDeleteSeconds is null or >= 0, "auto_delete_seconds", "must not be negative");
        var effective = policies.Auto.Resolve(Span(request.AutoArchiveSeconds), Span(request.AutoDeleteSeconds));
        return spec with { AutoArchive = effective.Archive, AutoDelete = effective.Delete, RemoveContainer = effective.RemoveContainer };

        static TimeSpan? Span(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;
    }

    /// <summary>The platform may stand among the engine's arguments or the extended parameters, not in both.</summary>
    private static SandboxSpec WithEngineArguments(SpecCheck check, SandboxSpec spec, StartRequest request)
    {
        var given = request.DockerArgs ?? [];
        if (!EngineArgumentsParser.Parse(given).TryGet(out var arguments, out var error))
        {
            check.Refuse(EngineArgumentsParser.Field, ((SandboxError.BadSpec)error).Reason);
            return spec;
        }

        var extended = spec.ExtendedParams.GetValueOrDefault("platform");
        check.Require(
            arguments.Platform is null || extended is null, "platform", "is given in docker_args and in extended_params; give it once");
        check.Require(
            extended is null || EngineArgumentsParser.Parse([$"--platform={extended}"]).TryGet(out _, out _),
            "extended_params", $"platform cannot be '{SpecCheck.Short(extended ?? "")}'");
        check.Require(
            arguments.ShmBytes is not { } shm || shm <= spec.MemoryBytes, EngineArgumentsParser.Field,
            "--shm-size is above the sandbox's memory");
        return spec with { DockerArgs = given, Platform = arguments.Platform ?? extended };
    }

    private void CheckNumbers(SpecCheck check, SandboxSpec spec)
    {
        check.Require(!(spec.LimitCpus < spec.Cpus), "limit_cpus", "must not be below cpus");
        check.Require(spec.PidsLimit > 0, "pids_limit", "must be more than zero");
        check.Require(
            spec.PidsLimit <= _limits.MaxPids, "pids_limit",
            string.Create(CultureInfo.InvariantCulture, $"{spec.PidsLimit} is above the limit of {_limits.MaxPids}"));
        check.Require(
            spec.NumGpus is null || (double.IsFinite(spec.NumGpus.Value) && spec.NumGpus >= 0), "num_gpus", "must be zero or more");
        check.Require(
            spec.AcceleratorType is not { } type
                || _limits.AcceleratorTypes.Concat(_limits.ExtraAcceleratorTypes).Contains(type, StringComparer.OrdinalIgnoreCase),
            "accelerator_type", $"'{SpecCheck.Short(spec.AcceleratorType ?? "")}' is not known here");
    }
}
