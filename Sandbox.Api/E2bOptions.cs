using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Sandbox.Api;

/// <summary>The E2B API (<c>docs/coming-from-e2b.md</c>). Bound from section <c>E2b</c>, checked at start.</summary>
public sealed class E2bOptions
{
    public const string Section = "E2b";

    /// <summary>Domain below which sandboxes have host names (<c>PORT-ID.domain</c>), which its DNS resolves to this server. Empty: none,
    /// and sandboxes are reached by the headers <c>E2b-Sandbox-Id</c> and <c>E2b-Sandbox-Port</c>.</summary>
    [RegularExpression(@"([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)?")]
    public string Domain { get; set; } = "";

    /// <summary>The longest timeout that a caller may set. Default 24 h, as E2B has it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan MaxTimeout { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Templates by name, each with <c>Image</c>, and where they differ from their defaults <c>Aliases</c> (a list),
    /// <c>Cpus</c> (2), <c>Memory</c> (<c>1g</c>), <c>Disk</c> (the server's default) and <c>Pull</c> (<c>missing</c>). There are always
    /// <c>base</c> and <c>code-interpreter-v1</c>, by default of the image that <c>sandbox image e2b</c> builds.</summary>
    public IDictionary<string, E2bTemplateOptions> Templates { get; } =
        new Dictionary<string, E2bTemplateOptions>(StringComparer.Ordinal);
}

[OptionsValidator]
internal sealed partial class E2bOptionsValidator : IValidateOptions<E2bOptions>;

/// <summary>What attributes cannot say.</summary>
internal sealed class E2bOptionsChecks : IValidateOptions<E2bOptions>
{
    public ValidateOptionsResult Validate(string? name, E2bOptions options)
    {
        var problems = options.Templates.Where(template => string.IsNullOrWhiteSpace(template.Value.Image))
            .Select(template => $"E2b:Templates:{template.Key}:Image: is missing.")
            .Concat(options.Templates.SelectMany(template => template.Value.Aliases.Append(template.Key)).GroupBy(used => used)
                .Where(used => used.Count() > 1)
                .Select(used => $"E2b:Templates: '{used.Key}' names more than one template."))
            .ToList();
        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }
}
