using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Sandbox.Kubernetes.Templates;

namespace Sandbox.Kubernetes;

/// <summary>Sandboxes as pods of a Kubernetes cluster. Bound from section <c>Kubernetes</c>, checked at start.</summary>
public sealed class KubernetesOptions
{
    public const string Section = "Kubernetes";

    /// <summary><c>batchsandbox</c>: a custom resource whose controller makes the pod (templates and pools). <c>pod</c>: the pod
    /// itself (templates only). Default batchsandbox.</summary>
    [RegularExpression("batchsandbox|pod")]
    public string Mode { get; set; } = "batchsandbox";

    /// <summary>Where objects are made. Default rock.</summary>
    [Required]
    [RegularExpression("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")]
    public string Namespace { get; set; } = "rock";

    /// <summary>Address of the API server when neither the cluster's own account nor a kubeconfig says it.</summary>
    public string Server { get; set; } = "";

    /// <summary>A kubeconfig; empty: the cluster's own account, or the usual kubeconfig of this user.</summary>
    public string KubeConfig { get; set; } = "";

    /// <summary>Folder with templates, a file <c>NAME.yaml</c> each. Empty: only the built-in <c>default</c>.</summary>
    public string TemplateFolder { get; set; } = "";

    /// <summary>Which template a sandbox gets that names none: the first rule that matches; <c>default</c> when none does.</summary>
    [ValidateEnumeratedItems]
    public IReadOnlyList<TemplateRule> Rules { get; set; } = [];

    /// <summary>Pools of pods that wait for a sandbox, which names one; only with <c>batchsandbox</c>.</summary>
    [ValidateEnumeratedItems]
    public IReadOnlyList<PoolOptions> Pools { get; set; } = [];

    /// <summary>Image that has the static agent and a program that copies it.</summary>
    [Required]
    public string AgentImage { get; set; } = "";

    /// <summary>Copies the agent out of its image; runs in an init container. The target is <c>/.sandbox/bin/sandbox-agent</c>.</summary>
    [MinLength(1)]
    public IReadOnlyList<string> AgentCopy { get; set; } = ["/bin/cp", "/sandbox-agent", "/.sandbox/bin/sandbox-agent"];

    /// <summary>Host and port that agents dial: a service that leads to <c>Worker:AgentListen</c> of the head.</summary>
    [Required]
    [RegularExpression(@".+:\d{1,5}")]
    public string OwnerAddress { get; set; } = "";

    /// <summary>File with the 32-byte key for <c>encrypted_image_auth</c>; empty: that variable is empty.</summary>
    public string ImageAuthKeyFile { get; set; } = "";

    /// <summary>Calls of the API a second. Default 20, as ROCK has it.</summary>
    [Range(0.0001, 10000)]
    public double RequestsPerSecond { get; set; } = 20;

    /// <summary>Calls that may be made at once after a quiet time. Default 20.</summary>
    [Range(1, 10000)]
    public int Burst { get; set; } = 20;

    /// <summary>How long one call may take. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Tries of a call that is refused for now or not answered. Default 5.</summary>
    [Range(1, 20)]
    public int Tries { get; set; } = 5;

    /// <summary>A watch is given up and everything listed again after this, in case events were lost. Default 60 s, as ROCK has
    /// it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RelistEvery { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an image may fail to be pulled before the start has failed; the cluster tries again meanwhile. Default 60
    /// s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan PullPatience { get; set; } = TimeSpan.FromSeconds(60);

    internal bool IsPodMode => Mode == "pod";
}

/// <summary>All that is given must hold; at least one of the image's globs, if there are any.</summary>
public sealed class TemplateRule
{
    [Required]
    public string Template { get; set; } = "";

    /// <summary>Globs (<c>*</c> and <c>?</c>) over the image's name.</summary>
    public IReadOnlyList<string> Images { get; set; } = [];

    public string? ImageOs { get; set; }

    public double? MinGpus { get; set; }

    public double? MaxGpus { get; set; }

    /// <summary>Compared without case.</summary>
    public string? Accelerator { get; set; }
}

/// <summary>A pool of the cluster (a <c>Pool</c> object). Its pods run the agent, listening.</summary>
public sealed class PoolOptions
{
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Where the agent listens in each pod. Default 8000.</summary>
    [Range(1, 65535)]
    public int AgentPort { get; set; } = 8000;

    /// <summary>File with the token that the pool's agents demand.</summary>
    [Required]
    public string TokenFile { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class KubernetesOptionsValidator : IValidateOptions<KubernetesOptions>;

/// <summary>What the attributes cannot say; all of it is told at once.</summary>
internal sealed class KubernetesOptionsCheck : IValidateOptions<KubernetesOptions>
{
    public ValidateOptionsResult Validate(string? name, KubernetesOptions options)
    {
        List<string> wrong = [];
        if (options.IsPodMode && options.Pools.Count > 0)
        {
            wrong.Add("Kubernetes:Pools need Kubernetes:Mode batchsandbox.");
        }

        wrong.AddRange(
            options.Pools.Where(pool => !File.Exists(pool.TokenFile))
            .Select(pool => $"Kubernetes:Pools: '{pool.Name}' has no TokenFile '{pool.TokenFile}'."));
        wrong.AddRange(
            options.Pools.GroupBy(pool => pool.Name).Where(same => same.Count() > 1)
            .Select(same => $"Kubernetes:Pools: '{same.Key}' is there more than once."));
        if (options.TemplateFolder.Length > 0 && !Directory.Exists(options.TemplateFolder))
        {
            wrong.Add($"Kubernetes:TemplateFolder '{options.TemplateFolder}' is not there.");
        }
        else
        {
            var templates = PodTemplates.NamesIn(options.TemplateFolder);
            wrong.AddRange(
                options.Rules.Where(rule => !templates.Contains(rule.Template))
                .Select(rule => $"Kubernetes:Rules: '{rule.Template}' is not a template; there are {string.Join(", ", templates)}."));
        }

        if (options.ImageAuthKeyFile.Length > 0
            && (!File.Exists(options.ImageAuthKeyFile) || new FileInfo(options.ImageAuthKeyFile).Length != Objects.ImageAuth.KeyLength))
        {
            wrong.Add(
                $"Kubernetes:ImageAuthKeyFile '{options.ImageAuthKeyFile}' must be a file of exactly {Objects.ImageAuth.KeyLength} bytes.");
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
