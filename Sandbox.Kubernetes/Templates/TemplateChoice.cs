using System.IO.Enumeration;
using Sandbox.Domain.Specs;

namespace Sandbox.Kubernetes.Templates;

/// <summary>Which rule speaks of a sandbox. A pure function of rules and spec.</summary>
internal static class TemplateChoice
{
    public static string Of(SandboxSpec spec, IEnumerable<TemplateRule> rules) =>
        rules.FirstOrDefault(rule => Matches(rule, spec))?.Template ?? PodTemplates.Default;

    private static bool Matches(TemplateRule rule, SandboxSpec spec) =>
        (rule.Images.Count == 0 || rule.Images.Any(glob => FileSystemName.MatchesSimpleExpression(glob, spec.Image, ignoreCase: false)))
        && (rule.ImageOs is null || string.Equals(rule.ImageOs, spec.ImageOs, StringComparison.OrdinalIgnoreCase))
        && (rule.MinGpus is null || spec.NumGpus >= rule.MinGpus)
        && (rule.MaxGpus is null || (spec.NumGpus ?? 0) <= rule.MaxGpus)
        && (rule.Accelerator is null || string.Equals(rule.Accelerator, spec.AcceleratorType, StringComparison.OrdinalIgnoreCase));
}
