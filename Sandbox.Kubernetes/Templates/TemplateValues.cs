using System.Globalization;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Kubernetes.Templates;

/// <summary>What a template may use of a sandbox.</summary>
internal static class TemplateValues
{
    /// <summary>What is not known is empty.</summary>
    public static IReadOnlyDictionary<string, string> Of(SandboxInstance sandbox, string template, string encryptedImageAuth)
    {
        var spec = sandbox.Spec;
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["sandbox_id"] = sandbox.Id.ToString(),
            ["template_name"] = template,
            ["image"] = spec.Image,
            ["cpus"] = Number(spec.Cpus),
            ["limit_cpus"] = Number(spec.LimitCpus ?? spec.Cpus),
            ["memory"] = Quantity.Of(spec.MemoryBytes),
            ["disk"] = spec.DiskBytes is { } disk ? Quantity.Of(disk) : "",
            ["num_gpus"] = spec.NumGpus is { } gpus ? Number(gpus) : "",
            ["accelerator_type"] = spec.AcceleratorType ?? "",
            ["encrypted_image_auth"] = encryptedImageAuth,
        };
    }

    private static string Number(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}
