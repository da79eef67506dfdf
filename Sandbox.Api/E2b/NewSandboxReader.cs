using Microsoft.Extensions.Options;
using Sandbox.Contracts.E2b;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.E2b;

/// <summary>Turns what a client of E2B asks for into what a sandbox is made of here.</summary>
internal sealed class NewSandboxReader(TemplateCatalog templates, IOptions<E2bOptions> options)
{
    /// <summary>The entry of a sandbox's metadata that names its template; E2B's clients never see it.</summary>
    public const string TemplateKey = "sandbox.aspire/e2b-template";

    /// <summary>Tells programs inside, and the agent, that the sandbox was made for E2B's clients.</summary>
    private const string Mark = "E2B_SANDBOX";

    /// <param name="defaultTimeout">Seconds, where the request has none.</param>
    public Result<StartRequest> Read(E2bNewSandbox asked, int defaultTimeout)
    {
        if (WhyUnsupported(asked) is { } unsupported)
        {
            return unsupported;
        }

        if (TimeoutOf(asked.Timeout ?? defaultTimeout).Error is { } wrong)
        {
            return wrong;
        }

        if (asked.TemplateId is not { Length: > 0 } name)
        {
            return new SandboxError.BadSpec("templateID", "is missing");
        }

        if (templates.Find(name) is not { } template)
        {
            return new SandboxError.BadSpec("templateID", $"there is no template '{(name.Length > 80 ? name[..80] + "…" : name)}'");
        }

        if (asked.Metadata?.ContainsKey(TemplateKey) is true)
        {
            return new SandboxError.BadSpec("metadata", $"must not have the entry {TemplateKey}");
        }

        var id = SandboxId.New().ToString();
        var request = new StartRequest
        {
            SandboxId = id,
            Image = template.Options.Image,
            Pull = template.Options.Pull,
            Cpus = template.Options.Cpus,
            Memory = template.Options.Memory,
            Disk = template.Options.Disk,
            AutoDeleteSeconds = 0,
            Env = new Dictionary<string, string>(asked.EnvVars ?? new Dictionary<string, string>())
            {
                [Mark] = "true",
                ["E2B_SANDBOX_ID"] = id,
                ["E2B_TEMPLATE_ID"] = template.Name,
            },
            Metadata = new Dictionary<string, string>(asked.Metadata ?? new Dictionary<string, string>()) { [TemplateKey] = template.Name },
        };
        var network = (asked.Network ?? new E2bNetwork()) with
        {
            AllowInternetAccess = asked.AllowInternetAccess ?? asked.Network?.AllowInternetAccess,
        };
        if (!NetworkReader.Read(network).TryGet(out var lists, out var error))
        {
            return error;
        }

        // Nothing at all is reached, also where no lists can be kept.
        var isCutOff = lists.Allow is [];
        request.Network = isCutOff ? "none" : null;
        request.Egress = isCutOff ? null : lists;
        return request;
    }

    /// <summary>A timeout that may be set.</summary>
    /// <param name="seconds">Null: there is none.</param>
    public (TimeSpan Value, SandboxError? Error) TimeoutOf(int? seconds) => seconds switch
    {
        null => (default, new SandboxError.BadSpec("timeout", "is missing")),
        < 0 => (default, new SandboxError.BadSpec("timeout", "must not be negative")),
        { } given when given > options.Value.MaxTimeout.TotalSeconds => (
            default,
            new SandboxError.BadSpec(
                "timeout", $"cannot be greater than {options.Value.MaxTimeout.TotalHours:0.##} hours (E2b:MaxTimeout)")),
        { } given => (TimeSpan.FromSeconds(given), null),
    };

    private static SandboxError.Unsupported? WhyUnsupported(E2bNewSandbox asked) =>
        asked.AutoPause is true ? Unsupported("autoPause", "a sandbox cannot be paused; it is killed when its timeout is over")
        : !NetworkReader.IsEmpty(asked.Mcp) ? Unsupported("mcp", "there is no gateway for MCP")
        : !NetworkReader.IsEmpty(asked.Iam) ? Unsupported("iam", "a sandbox gets no tokens of other services")
        : !NetworkReader.IsEmpty(asked.VolumeMounts) ? Unsupported("volumeMounts", "there are no volumes")
        : null;

    private static SandboxError.Unsupported Unsupported(string what, string why) => new(what, why);
}
