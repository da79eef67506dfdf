using System.ComponentModel.DataAnnotations;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Policies;

/// <summary>Which images sandboxes may be started from, beside what their tenant pulled or committed itself. Bound from section
/// <c>Security</c>.</summary>
public sealed class ImagePolicy : IValidatableObject
{
    public const string Section = "Security";

    /// <summary>The tenant that is the operator's own: it uses whatever a node's engine has, names any registry, commits under plain
    /// local names and is told what the engine says. Empty: none is.</summary>
    public string OperatorTenant { get; set; } = Tenant.Default;

    /// <summary>Images that every tenant may start from where a node has them, separated by spaces: a repository, or one with a tag; a
    /// <c>*</c> at the end stands for any rest. For images that no registry has.</summary>
    public string SharedImages { get; set; } = "sandbox-base";

    /// <summary>Registries that tenants may pull from and push to, separated by spaces, as they stand in names (<c>docker.io ghcr.io
    /// registry.example:5000</c>); these may be anywhere. Empty: every registry whose host is a public name.</summary>
    [RegularExpression(@"[A-Za-z0-9.:\- ]*", ErrorMessage = "Registries is a list of hosts, with ports where need be.")]
    public string Registries { get; set; } = "";

    /// <summary>How many images the commits of a tenant may keep on one node; the operator's tenant may keep any number. Default
    /// 64.</summary>
    [Range(0, int.MaxValue)]
    public int CommitsPerTenant { get; set; } = 64;

    /// <summary>How much these may take together, each counted with all its layers: while it is more, nothing is committed. Default
    /// 64g.</summary>
    [Required]
    [Size]
    public string CommitBytesPerTenant { get; set; } = "64g";

    public bool IsOperators(string tenant) => OperatorTenant.Length > 0 && tenant == OperatorTenant;

    /// <summary>Every tenant may start from it.</summary>
    public bool IsShared(ImageReference image) => Words(SharedImages).Any(word => Matches(word, image));

    /// <summary>Null where <see cref="Registries"/> says nothing.</summary>
    public bool? IsListed(string host) =>
        Words(Registries) is { Length: > 0 } listed ? listed.Contains(host, StringComparer.OrdinalIgnoreCase) : null;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Words(SharedImages).Where(word => Read(word) is null)
            .Select(word => new ValidationResult($"SharedImages: '{word}' is not the name of an image.", [nameof(SharedImages)]));

    private static bool Matches(string word, ImageReference image)
    {
        var isPrefix = word.EndsWith('*');
        if (Read(word) is not { } shared)
        {
            return false;
        }

        var hasTag = word.LastIndexOf(':') > word.LastIndexOf('/');
        var whole = hasTag || shared.Digest is not null;
        var (expected, actual) = whole ? (shared.Name, image.Name) : (shared.Repository, image.Repository);
        return isPrefix ? actual.StartsWith(expected[..^1], StringComparison.Ordinal) : actual == expected;
    }

    /// <summary>A prefix is completed for the parser, and cut off again by its reader.</summary>
    private static ImageReference? Read(string word) => ImageReference.Parse(word.EndsWith('*') ? $"{word[..^1]}x" : word);

    private static string[] Words(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
