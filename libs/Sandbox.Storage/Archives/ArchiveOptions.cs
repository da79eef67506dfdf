using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Specs;

namespace Sandbox.Storage.Archives;

/// <summary>Where archived sandboxes go. Bound from section <c>Archive</c>, checked at start.</summary>
public sealed class ArchiveOptions : IValidatableObject
{
    public const string Section = "Archive";

    /// <summary><c>none</c> (the default): nothing is archived, and an automatic archive that was asked for is told and
    /// never due. <c>folder</c>: a folder that every node sees at the same path. <c>s3</c>: an object store. <c>registry</c>: a registry
    /// of images, which the nodes' engines push to and pull from.</summary>
    [RegularExpression("none|folder|s3|registry", ErrorMessage = "Store is none, folder, s3 or registry.")]
    public string Store { get; set; } = "none";

    /// <summary>For <c>folder</c>: its full path.</summary>
    public string Folder { get; set; } = "";

    /// <summary>For <c>s3</c>: host and port, for example <c>minio:9000</c>.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>For <c>registry</c>: one of its repositories, for example <c>registry.example:5000/sandboxes</c>. Its configuration must
    /// let tags be deleted.</summary>
    [RegularExpression(
        "[A-Za-z0-9.-]+(:[0-9]{1,5})?/[a-z0-9]+(([._]|__|-+|/)[a-z0-9]+)*",
        ErrorMessage = "Repository is a registry and a path in it, like registry.example:5000/sandboxes.")]
    public string Repository { get; set; } = "";

    /// <summary>For <c>registry</c>; empty: it asks for none.</summary>
    public string User { get; set; } = "";

    /// <summary>Never logged.</summary>
    public string Password { get; set; } = "";

    public bool UseTls { get; set; } = true;

    public string Region { get; set; } = "us-east-1";

    /// <summary>It exists: it is not made.</summary>
    [RegularExpression(
        "[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        ErrorMessage = "Bucket is 3 to 63 characters of a-z 0-9 . -, the first and the last a letter or digit.")]
    public string Bucket { get; set; } = "";

    public string AccessKey { get; set; } = "";

    /// <summary>Never logged.</summary>
    public string SecretKey { get; set; } = "";

    /// <summary>Before every name, for example <c>sandboxes/</c>.</summary>
    [RegularExpression("([A-Za-z0-9_.-]+/)*", ErrorMessage = "Prefix is empty or folders of letters, digits, _ . - that end in /.")]
    public string Prefix { get; set; } = "";

    /// <summary>Longest time without an answer of the store, or without a byte of one. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Silence { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Largest image of a sandbox as it is stored, and most that a sandbox may have changed, holes filled. Default 16g, as ROCK
    /// has it.</summary>
    [Required]
    [Size]
    public string MaxImage { get; set; } = "16g";

    /// <summary>Largest log of a sandbox as it is stored. Default 16g, as ROCK has it.</summary>
    [Required]
    [Size]
    public string MaxLog { get; set; } = "16g";

    /// <summary>What archives and restores leave free of each disk of a node that they write to: those of its data folder and of its
    /// engine. One that needs more fails, and the sandbox stays as it was. Default 1g.</summary>
    [Required]
    [Size]
    public string KeepFree { get; set; } = "1g";

    public bool IsConfigured => Store is not "none";

    public bool IsRegistry => Store is "registry";

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Store is "folder" && !Path.IsPathFullyQualified(Folder))
        {
            yield return new ValidationResult("Folder must be a full path where Store is folder.", [nameof(Folder)]);
        }

        if (Store is "registry" && Repository.Length == 0)
        {
            yield return new ValidationResult("Repository must be given where Store is registry.", [nameof(Repository)]);
        }

        foreach (var (name, value) in Store is "s3"
            ? [(nameof(Endpoint), Endpoint), (nameof(Bucket), Bucket), (nameof(AccessKey), AccessKey), (nameof(SecretKey), SecretKey)]
            : Array.Empty<(string, string)>())
        {
            if (value.Length == 0)
            {
                yield return new ValidationResult($"{name} must be given where Store is s3.", [name]);
            }
        }
    }
}

[OptionsValidator]
internal sealed partial class ArchiveOptionsValidator : IValidateOptions<ArchiveOptions>;
