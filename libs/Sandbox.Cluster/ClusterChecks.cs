using Microsoft.Extensions.Options;

namespace Sandbox.Cluster;

/// <summary>Refuses a start that could not work, naming the key. No value is repeated: one of them is the secret.</summary>
internal sealed class ClusterChecks : IValidateOptions<ClusterOptions>
{
    private const string IdKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.Id)}";
    private const string SecretKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.Secret)}";
    private const string FileKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.SecretFile)}";
    private const string FormerKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.FormerSecretFile)}";
    private const string FullKey = $"{ClusterOptions.Section}:{nameof(ClusterOptions.WhenFull)}";

    public ValidateOptionsResult Validate(string? name, ClusterOptions options)
    {
        var problems = new List<string>();
        if (options.Id is not { Length: > 0 and <= 63 } || !options.Id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            problems.Add($"{IdKey}: a name of 1 to 63 letters, digits, '-', '_' or '.' is needed.");
        }

        if (options.WhenFull is not ("queue" or "refuse"))
        {
            problems.Add($"{FullKey}: must be queue or refuse.");
        }

        if (WhyBadSecret(options) is { } reason)
        {
            problems.Add(reason);
        }

        if (WhyBadFile(FormerKey, () => ClusterSecret.ReadFormer(options)) is { } formerReason)
        {
            problems.Add(formerReason);
        }

        return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
    }

    private static string? WhyBadSecret(ClusterOptions options)
    {
        if (options is { Secret.Length: > 0, SecretFile.Length: > 0 })
        {
            return $"{SecretKey} and {FileKey}: only one of them.";
        }

        if (options is { Secret.Length: 0, SecretFile.Length: 0 })
        {
            return $"{SecretKey}: missing (or {FileKey}, the name of a file that holds it).";
        }

        var key = options.SecretFile.Length > 0 ? FileKey : SecretKey;
        return WhyBadFile(FileKey, () => ClusterSecret.Read(options))
            ?? (ClusterSecret.Read(options).Length < ClusterSecret.MinLength
                ? $"{key}: at least {ClusterSecret.MinLength} characters are needed." : null);
    }

    private static string? WhyBadFile(string key, Func<object> read)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{key}: {exception.Message}";
        }
    }
}
