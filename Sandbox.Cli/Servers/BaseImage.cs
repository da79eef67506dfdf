namespace Sandbox.Cli.Servers;

/// <summary>The image that a person gets who names none. No registry has it: it is made on the machine.</summary>
internal static class BaseImage
{
    public const string Name = "sandbox-base:latest";

    /// <summary>What to do about a start that failed for want of this image; null: it failed for another reason.</summary>
    public static string? Advice(string image, string failure) =>
        image == Name && failure.Contains("phase image_pull", StringComparison.Ordinal)
            ? "`./sandbox image base` makes the default image, --image names another"
            : null;
}
